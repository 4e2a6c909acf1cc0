package dev.likeness.diffusion.internal.file;

import static dev.likeness.diffusion.internal.file.CraftedSafetensors.entry;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.internal.natives.NoTensorLeaks;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/**
 * A few bytes of a sound file changed at random, a thousand times: it is read, or refused in words.
 */
@ExtendWith(NoTensorLeaks.class)
class DamagedFilesTest {
  private static final int ROUNDS = 1_000;

  @TempDir
  private Path folder;

  @Test
  void endsInReadingOrInWordsForSafetensors() throws IOException {
    byte[] sound = Files.readAllBytes(CraftedSafetensors.file(
        folder,
        "{\"__metadata__\":{\"a\":\"b\"}," + entry("x", "F32", "[2,1]", "[0,8]") + ","
            + entry("y", "U8", "[3]", "[8,11]") + "}",
        11));
    Random random = new Random(11);
    int refused = 0;
    for (int i = 0; i < ROUNDS; i++) {
      Path file = CraftedSafetensors.write(folder.resolve("damaged"), damaged(sound, random));
      try {
        SafetensorsHeader.read(file);
      } catch (InvalidInputException e) {
        assertEquals(1, e.getMessage().lines().count(), e.getMessage());
        refused++;
      }
    }
    assertTrue(refused > ROUNDS / 2 && refused < ROUNDS, "refused " + refused);
  }

  private static byte[] damaged(byte[] sound, Random random) {
    byte[] bytes = sound.clone();
    for (int changes = 1 + random.nextInt(3); changes > 0; changes--) {
      bytes[random.nextInt(bytes.length)] = (byte) random.nextInt(256);
    }
    return bytes;
  }
}
