package dev.likeness.diffusion.tensor;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class NativeLibrariesTest {
  @TempDir
  Path cache;

  /** Without a lock, one of the two ended by SIGBUS in three of four tries. */
  @Test
  void twoProcessesFindAnEmptyCacheAtOnce() throws IOException, InterruptedException {
    Process first = start("first.log");
    Process second = start("second.log");
    assertEquals(0, first.waitFor(), Files.readString(cache.resolve("first.log")));
    assertEquals(0, second.waitFor(), Files.readString(cache.resolve("second.log")));
  }

  private Process start(String log) throws IOException {
    return new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "java").toString(),
        "-Dorg.bytedeco.javacpp.cachedir=" + cache, "-XX:ErrorFile=" + cache.resolve(log + ".error"), "-cp",
        System.getProperty("java.class.path"), Starting.class.getName())
        .redirectErrorStream(true).redirectOutput(cache.resolve(log).toFile()).start();
  }

  /** What each process does. */
  static final class Starting {
    private Starting() {}

    public static void main(String[] args) {
      LibTorch.load();
    }
  }
}
