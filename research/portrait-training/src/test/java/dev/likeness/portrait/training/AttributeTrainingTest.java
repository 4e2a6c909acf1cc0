package dev.likeness.portrait.training;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.internal.natives.NoTensorLeaks;
import dev.likeness.portrait.attributes.AttributeReader;
import dev.likeness.portrait.people.Attribute;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

@ExtendWith(NoTensorLeaks.class)
class AttributeTrainingTest {
  private static final int IMAGES = 4;
  private static final int STEPS = 40;

  @Test
  void learnsItsImagesToTheSameBitsWhetherStoppedOrNot(@TempDir Path folder) throws IOException {
    PortraitRenders known = new PortraitRenders(1);
    RenderStore store = new RenderStore(folder);
    store.fill(IMAGES, known::image, done -> {});
    Path unbroken = folder.resolve("unbroken.safetensors");
    Path broken = folder.resolve("broken.safetensors");
    training(store, known).run(unbroken, STEPS);
    training(store, known).runTo(broken, STEPS, 2);
    training(store, known).run(broken, STEPS);
    assertArrayEquals(Files.readAllBytes(unbroken), Files.readAllBytes(broken));
    Path file = folder.resolve("attributes.safetensors");
    TrainAttributes.write(unbroken, file, Map.of("commit", "none"));
    try (AttributeReader reader = AttributeReader.open(file)) {
      assertEquals("{commit=none}", reader.made());
      // Words guessed at random are right in one of six; these few steps reach far more.
      assertTrue(right(reader, store, known) > .4, right(reader, store, known) + " right");
      RgbImage image = store.image(0);
      assertTrue(Arrays.equals(reader.features(image), reader.features(image)));
    }
  }

  @Test
  void refusesABatchWithoutTwoSharesThatCanBeHalfSoftened() {
    IllegalArgumentException error =
        assertThrows(IllegalArgumentException.class, () -> AttributeTraining.requireShares(6));
    assertEquals(
        "BATCH 6 given; expected a multiple of 4: two equal shares are learnt at once, half of each softened",
        error.getMessage());
  }

  private static AttributeTraining training(RenderStore store, PortraitRenders known) {
    return new AttributeTraining(store, known, IMAGES, 4, 1);
  }

  private static double right(AttributeReader reader, RenderStore store, PortraitRenders known) {
    int right = 0;
    int all = 0;
    for (int i = 0; i < IMAGES; i++) {
      Map<Attribute, String> read = reader.of(store.image(i));
      for (Attribute attribute : Attribute.values()) {
        if (attribute.index(known.person(i), known.shot(i)) >= 0) {
          all++;
          right +=
              attribute.word(known.person(i), known.shot(i)).equals(read.get(attribute)) ? 1 : 0;
        }
      }
    }
    return right / (double) all;
  }
}
