package dev.likeness.diffusion.internal.file.gguf;

import com.code_intelligence.jazzer.junit.FuzzTest;
import dev.likeness.diffusion.internal.file.FuzzedFile;
import java.io.IOException;
import java.nio.file.Path;

/**
 * Any bytes as a GGUF file; {@code JAZZER_FUZZ=1} and {@code -Djazzer.hooks=true} let Jazzer search
 * for new ones, else the stored ones are read again.
 */
class GgufFuzzTest {
  @FuzzTest(maxDuration = "10m")
  void readsOrRefusesAHeader(byte[] bytes) throws IOException {
    FuzzedFile.read(bytes, GgufFuzzTest::header);
  }

  private static void header(Path file) {
    GgufHeader header = GgufHeader.read(file);
    header.names().forEach(name -> {
      header.shape(name);
      header.dtype(name);
    });
  }
}
