package dev.likeness.diffusion.internal.natives;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.tensor.OtherJvm;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.bytedeco.javacpp.Loader;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class NativeLibrariesTest {
  @TempDir
  Path cache;

  /** Without a lock, one of the two ended by SIGBUS in three of four tries. */
  @Test
  void twoProcessesFindAnEmptyCacheAtOnce() throws IOException, InterruptedException {
    Process first = start(cache, "first.log");
    Process second = start(cache, "second.log");
    assertEquals(0, OtherJvm.exitOf(first), Files.readString(cache.resolve("first.log")));
    assertEquals(0, OtherJvm.exitOf(second), Files.readString(cache.resolve("second.log")));
  }

  @Test
  void searchesForCudaOnlyIfTheClassPathHasLibrariesForIt()
      throws IOException, InterruptedException {
    assertFalse(searchesForCuda("cpu", System.getProperty("java.class.path")));
    String platform = Loader.Detector.getPlatform();
    assertTrue(
        searchesForCuda("opencv", withLibrary("opencv/" + platform + "-gpu", "jniopencv_core")));
    assertTrue(searchesForCuda("application", withLibrary("cuda/" + platform, "jnicudart")));
  }

  /** Returns the class path with an empty file in place of a library of bytedeco. */
  private String withLibrary(String folder, String name) throws IOException {
    Path marked = cache.resolve(name);
    Path library = marked.resolve("org/bytedeco/" + folder + "/" + System.mapLibraryName(name));
    Files.createDirectories(library.getParent());
    Files.createFile(library);
    return marked + File.pathSeparator + System.getProperty("java.class.path");
  }

  private boolean searchesForCuda(String name, String classPath)
      throws IOException, InterruptedException {
    List<String> options = List.of("-Dorg.bytedeco.javacpp.logger.debug=true", "-cp", classPath);
    Process process = OtherJvm.command(options, Starting.class)
        .redirectErrorStream(true)
        .redirectOutput(cache.resolve(name).toFile())
        .start();
    assertEquals(0, OtherJvm.exitOf(process), Files.readString(cache.resolve(name)));
    String log = Files.readString(cache.resolve(name));
    assertTrue(log.contains("jnitorch"), log);
    return log.contains("cudart");
  }

  /** A plain file stands for a folder that cannot be written, which root can always. */
  @Test
  void saysHowTheyAreUnpackedElsewhereWhereNoCacheCanBeMade()
      throws IOException, InterruptedException {
    Path file = Files.createFile(cache.resolve("file"));
    assertEquals(
        1,
        OtherJvm.exitOf(
            start(file, "refused.log", "-Duser.home=" + file, "-Djava.io.tmpdir=" + file)));
    String told = Files.readString(cache.resolve("refused.log"));
    assertTrue(
        told.contains(
            "); neither the home nor the temporary folder is writable; unpack the libraries"
                + " elsewhere with"
                + " -Dorg.bytedeco.javacpp.cachedir=FOLDER"),
        told);
  }

  private Process start(Path unpacked, String log, String... properties) throws IOException {
    List<String> options = new ArrayList<>(List.of(properties));
    options.add("-Dorg.bytedeco.javacpp.cachedir=" + unpacked);
    options.add("-XX:ErrorFile=" + cache.resolve(log + ".error"));
    return OtherJvm.command(options, Starting.class)
        .redirectErrorStream(true)
        .redirectOutput(cache.resolve(log).toFile())
        .start();
  }

  /** What each process does. */
  static final class Starting {
    private Starting() {}

    public static void main(String[] args) {
      LibTorch.load();
    }
  }
}
