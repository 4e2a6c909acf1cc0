package dev.likeness.planted.vault;

import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.net.URL;

/** Uses the network. */
public final class Calls {
  InputStream address() throws IOException {
    return new URL("http://localhost/").openStream();
  }

  Socket socket() throws IOException {
    return new Socket("localhost", 1);
  }
}
