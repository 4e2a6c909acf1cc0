package dev.likeness.diffusion.material;

import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.Assumptions;

/** Named pipes, which a reader that opens them awaits for ever. */
public final class NamedPipe {
  private NamedPipe() {}

  /** Makes a named pipe; aborts the test, with a message, where the system has no mkfifo. */
  public static Path make(Path pipe) {
    boolean made;
    try {
      made = new ProcessBuilder("mkfifo", pipe.toString()).start().waitFor() == 0;
    } catch (IOException noSuchProgram) {
      made = false;
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
    Assumptions.assumeTrue(made, "skipped: mkfifo is not installed");
    return pipe;
  }
}
