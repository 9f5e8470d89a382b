"""A real RTSP camera for tests: GStreamer's RTSP server with a moving test picture, or a file.

Run by the system's Python, which has the bindings:
`/usr/bin/python3 rtsp_server.py PORT CODEC FPS KILOBIT FILE PATTERN`. The password, "user:password", comes in the
environment as RTSP_LOGIN. Prints "ready"; then each line on its input is an order: `size WIDTH HEIGHT` changes the
picture's size, `password WORD` the password that it asks for, `path NAME` gives it one more path.
"""

import os
import sys
import threading

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import GLib, Gst, GstRtspServer  # noqa: E402

PORT, CODEC, FPS, KILOBIT, FILE, PATTERN = sys.argv[1:7]
SOURCE = (
    f"videotestsrc is-live=true pattern={PATTERN} ! capsfilter name=size "
    f"caps=video/x-raw,width=640,height=480,framerate={FPS}/1 ! videoconvert"
)
H264 = f"x264enc tune=zerolatency speed-preset=ultrafast bitrate={KILOBIT} key-int-max={FPS} name=encoder"
ENCODERS = {
    "h264": f"{H264} ! rtph264pay name=pay0 pt=96",
    "h264-bframes": (
        f"x264enc bframes=2 b-adapt=false rc-lookahead=2 sync-lookahead=0 key-int-max={FPS} "
        "! rtph264pay name=pay0 pt=96"
    ),
    "h265": "x265enc tune=zerolatency speed-preset=ultrafast key-int-max=10 ! rtph265pay name=pay0 pt=96",
    "jpeg": "video/x-raw,format=I420 ! jpegenc ! rtpjpegpay name=pay0 pt=26",
}
PICTURES = f"( {SOURCE} ! {ENCODERS[CODEC]} )"
if FILE:
    PICTURES = f"( filesrc location={FILE} ! qtdemux ! h264parse ! rtph264pay name=pay0 pt=96 )"

Gst.init(None)
server = GstRtspServer.RTSPServer(address="127.0.0.1", service=PORT)
factory = GstRtspServer.RTSPMediaFactory()
factory.set_launch(PICTURES)
factory.set_shared(True)
media = []
factory.connect("media-configure", lambda _factory, made: media.append(made))
if login := os.environ.get("RTSP_LOGIN"):
    user, _, password = login.partition(":")
    auth = GstRtspServer.RTSPAuth()
    token = GstRtspServer.RTSPToken()
    token.set_string(GstRtspServer.RTSP_TOKEN_MEDIA_FACTORY_ROLE, user)
    basics: list[str] = []

    def ask_for(password: str) -> None:
        basics.append(GstRtspServer.RTSPAuth.make_basic(user, password))
        auth.add_basic(basics[-1], token)

    ask_for(password)
    server.set_auth(auth)
    permissions = GstRtspServer.RTSPPermissions()
    permissions.add_permission_for_role(user, GstRtspServer.RTSP_PERM_MEDIA_FACTORY_ACCESS, True)
    permissions.add_permission_for_role(user, GstRtspServer.RTSP_PERM_MEDIA_FACTORY_CONSTRUCT, True)
    factory.set_permissions(permissions)
server.get_mount_points().add_factory("/live", factory)
if not server.attach(None):
    sys.exit("the port is taken")


def obey() -> None:
    for line in sys.stdin:
        word, *values = line.split()
        if word == "password":
            auth.remove_basic(basics.pop())
            ask_for(values[0])
        if word == "path":
            server.get_mount_points().add_factory(f"/{values[0]}", factory)
        if word == "size":
            element = media[-1].get_element()
            caps = f"video/x-raw,width={values[0]},height={values[1]},framerate={FPS}/1"
            element.get_by_name("size").set_property("caps", Gst.Caps.from_string(caps))
        print("done", flush=True)


threading.Thread(target=obey, daemon=True).start()
print("ready", flush=True)
GLib.MainLoop().run()
