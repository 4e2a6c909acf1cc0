package dev.likeness.photos.decode;

import java.io.IOException;

/**
 * Counts the scans of a JPEG file (ITU-T T.81, B.1.1). Each is a pass over all pixels that may be a
 * few bytes long, so a small file can ask for hours; encoders write about ten.
 */
final class JpegScans {
  private static final int MOST = 100;

  private JpegScans() {}

  /** How many there are; a file of more than anybody's camera or program writes is refused. */
  static int count(byte[] file) throws IOException {
    int scans = 0;
    for (int at = 2; at + 4 <= file.length; ) {
      int marker = file[at + 1] & 255;
      if (file[at] != (byte) 0xFF || marker == 0xD9) {
        return scans;
      }
      at += marker == 0xFF ? 1 : 2 + ((file[at + 2] & 255) << 8 | file[at + 3] & 255);
      if (marker == 0xDA) {
        if (++scans > MOST) {
          throw new IOException("it has more than " + MOST + " scans");
        }
        at = nextMarker(file, at);
      }
    }
    return scans;
  }

  // Within a scan a byte FF is followed by 00 or by a restart marker.
  private static int nextMarker(byte[] file, int from) {
    int at = from;
    while (at + 1 < file.length) {
      int next = file[at + 1] & 255;
      if (file[at] == (byte) 0xFF && next != 0 && (next < 0xD0 || next > 0xD7)) {
        return at;
      }
      at++;
    }
    return file.length;
  }
}
