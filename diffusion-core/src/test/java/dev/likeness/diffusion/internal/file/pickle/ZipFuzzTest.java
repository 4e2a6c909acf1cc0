package dev.likeness.diffusion.internal.file.pickle;

import com.code_intelligence.jazzer.junit.FuzzTest;
import dev.likeness.diffusion.internal.file.FuzzedFile;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Path;

/**
 * Any bytes as a zip file; {@code JAZZER_FUZZ=1} and {@code -Djazzer.hooks=true} let Jazzer search
 * for new ones, else the stored ones are read again.
 */
class ZipFuzzTest {
  @FuzzTest(maxDuration = "10m")
  void findsOrRefusesEntries(byte[] bytes) throws IOException {
    FuzzedFile.read(bytes, ZipFuzzTest::entries);
    FuzzedFile.read(bytes, TorchPickle::list);
  }

  private static void entries(Path file) throws IOException {
    try (FileChannel channel = FileChannel.open(file)) {
      ZipEntries.read(channel, file.toString(), channel.size());
    }
  }
}
