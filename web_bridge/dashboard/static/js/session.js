// Who is signed in: what proves that a write comes from this page and not from another site's, and signing out.

const GIVE_UP_MS = 8_000;

/** The token of the session; another site's page cannot read it. */
export async function proof() {
  const answer = await fetch("/api/v1/session", { signal: AbortSignal.timeout(GIVE_UP_MS) });
  return answer.ok ? (await answer.json()).csrf_token : "";
}

export async function signOut() {
  await fetch("/logout", { method: "POST", headers: { "X-CSRF-Token": await proof() } });
  location.href = "/";
}
