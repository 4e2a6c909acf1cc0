package dev.likeness.diffusion.internal.file;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.io.IOException;

/**
 * Any bytes as a safetensors file; {@code JAZZER_FUZZ=1} and {@code -Djazzer.hooks=true} let Jazzer
 * search for new ones, else the stored ones are read again.
 */
class SafetensorsFuzzTest {
  @FuzzTest(maxDuration = "10m")
  void readsOrRefusesAHeader(byte[] bytes) throws IOException {
    FuzzedFile.read(bytes, SafetensorsHeader::read);
  }
}
