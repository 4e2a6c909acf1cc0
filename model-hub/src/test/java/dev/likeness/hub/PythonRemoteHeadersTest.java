package dev.likeness.hub;

import java.nio.file.Path;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;

/** Headers from the hub of {@code tools/hub/serve.py} are those of {@link RemoteHeadersTest}. */
class PythonRemoteHeadersTest extends RemoteHeadersTest {
  @TempDir
  private static Path models;

  private static PythonHub python;

  @BeforeAll
  static void startPython() throws Exception {
    python = PythonHub.start(models);
  }

  @AfterAll
  static void stopPython() {
    if (python != null) {
      python.stop();
    }
  }

  @Override
  TestHub start() {
    return python.empty();
  }
}
