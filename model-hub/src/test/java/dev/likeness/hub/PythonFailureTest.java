package dev.likeness.hub;

import java.nio.file.Path;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;

/** Failures of the hub of {@code tools/hub/serve.py} have the sentences of {@link FailureTest}. */
class PythonFailureTest extends FailureTest {
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
