package dev.likeness.diffusion.internal.file.pickle;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.internal.natives.NoTensorLeaks;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/**
 * A few bytes of a sound checkpoint changed at random, a thousand times: it is read, or refused in
 * words.
 */
@ExtendWith(NoTensorLeaks.class)
class DamagedPicklesTest {
  private static final int ROUNDS = 1_000;

  @TempDir
  private Path folder;

  @Test
  void endsInReadingOrInWords() throws IOException {
    byte[] pickle = CraftedPickle.start()
        .raw("}(")
        .text("a")
        .tensor("0", 6, 1, new long[] {2, 2}, new long[] {2, 1})
        .text("b")
        .raw("](")
        .number(1)
        .text("c")
        .raw("\u0088Neu")
        .stop();
    byte[] sound = Files.readAllBytes(CraftedPickle.zip(folder, pickle, 6));
    Random random = new Random(12);
    int refused = 0;
    for (int i = 0; i < ROUNDS; i++) {
      byte[] bytes = sound.clone();
      for (int changes = 1 + random.nextInt(3); changes > 0; changes--) {
        bytes[random.nextInt(bytes.length)] = (byte) random.nextInt(256);
      }
      Path path = CraftedPickle.write(folder, bytes);
      try (TorchPickle file = TorchPickle.open(path);
          TensorScope scope = TensorScope.open()) {
        file.names()
            .forEach(
                name -> assertEquals(file.shape(name).length, file.read(name).dim()));
      } catch (InvalidInputException e) {
        assertEquals(1, e.getMessage().lines().count(), e.getMessage());
        refused++;
      }
    }
    assertTrue(refused > ROUNDS / 2 && refused < ROUNDS, "refused " + refused);
  }
}
