package dev.likeness.portrait.attributes;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.internal.file.SafetensorsWriter;
import dev.likeness.diffusion.internal.natives.NoTensorLeaks;
import dev.likeness.diffusion.internal.nn.Weights;
import dev.likeness.diffusion.internal.tensor.NoiseSource;
import dev.likeness.diffusion.internal.training.TrainableWeights;
import dev.likeness.diffusion.internal.training.WeightInitializer;
import dev.likeness.portrait.people.Attribute;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

@ExtendWith(NoTensorLeaks.class)
class AttributeReaderTest {
  @TempDir
  Path folder;

  @Test
  void severalAnswerTogether() {
    Path one = classifier(1);
    Path two = classifier(2);
    RgbImage gray = RgbImage.of(256, 256, new byte[256 * 256 * 3]);
    try (AttributeReader first = AttributeReader.open(one);
        AttributeReader second = AttributeReader.open(two);
        AttributeReader both = AttributeReader.open(one, two);
        AttributeReader turned = AttributeReader.open(two, one)) {
      assertEquals("{commit=1} and {commit=2}", both.made());
      assertEquals(
          first.features(gray).length + second.features(gray).length, both.features(gray).length);
      assertEquals(both.of(gray), turned.of(gray));
      Set<Attribute> disputed = EnumSet.noneOf(Attribute.class);
      for (Attribute attribute : Attribute.values()) {
        String word = first.of(gray).get(attribute);
        if (word.equals(second.of(gray).get(attribute))) {
          assertEquals(word, both.of(gray).get(attribute));
        } else {
          disputed.add(attribute);
        }
      }
      // Neither alone decides what both answer.
      assertTrue(
          disputed.stream()
              .anyMatch(a -> !both.of(gray).get(a).equals(first.of(gray).get(a))),
          disputed.toString());
      assertTrue(
          disputed.stream()
              .anyMatch(a -> !both.of(gray).get(a).equals(second.of(gray).get(a))),
          disputed.toString());
    }
  }

  @Test
  void oneThatIsMissingClosesTheOthers() {
    Path one = classifier(1);
    assertThrows(
        InvalidInputException.class,
        () -> AttributeReader.open(one, folder.resolve("none.safetensors")));
    assertThrows(IllegalArgumentException.class, AttributeReader::open);
  }

  private Path classifier(long seed) {
    Path file = folder.resolve(seed + ".safetensors");
    try (NoiseSource noise = NoiseSource.seeded(seed);
        TrainableWeights weights =
            new TrainableWeights(WeightInitializer.seeded(noise, name -> false))) {
      new AttributeNetwork(Weights.of(weights));
      SafetensorsWriter.write(file, weights.leaves(), Map.of("commit", Long.toString(seed)));
    }
    return file;
  }
}
