package dev.likeness.diffusion.internal.file.pickle;

import com.code_intelligence.jazzer.junit.FuzzTest;
import dev.likeness.diffusion.internal.file.FuzzedFile;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Path;

/**
 * Any bytes as a pickle; {@code JAZZER_FUZZ=1} and {@code -Djazzer.hooks=true} let Jazzer search
 * for new ones, else the stored ones are read again.
 */
class PickleFuzzTest {
  @FuzzTest(maxDuration = "10m")
  void followsOrRefusesInstructions(byte[] bytes) throws IOException {
    FuzzedFile.read(bytes, PickleFuzzTest::unpickle);
    FuzzedFile.read(bytes, TorchPickle::list);
  }

  private static void unpickle(Path file) throws IOException {
    try (FileChannel channel = FileChannel.open(file)) {
      new Unpickler(new PickleInput(channel, file.toString(), 0, channel.size()), file.toString())
          .load();
    }
  }
}
