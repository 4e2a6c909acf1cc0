package dev.likeness.headshots.internal.photo;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
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
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

@ExtendWith(NoTensorLeaks.class)
class CaptionerTest {
  private static final String ATTRIBUTES =
      "{\"hair\": [\"a bald head\", \"long # hair\"], \"light\": [\"\", \"flash\", \"rim light\"]}";

  @TempDir
  private Path base;

  @Test
  void saysHowLikelyEachWordIsTheSameFromEveryThread() throws IOException {
    write("LikenessPhotoReader", ATTRIBUTES, 8);
    try (Captioner captioner = Captioner.find(base).orElseThrow()) {
      assertEquals(List.of("", "flash", "rim light"), captioner.attributes().get("light"));
      RgbImage one = noise(256, 1);
      Map<String, float[]> first = captioner.describe(one);
      assertEquals(List.of("hair", "light"), List.copyOf(first.keySet()));
      first.forEach((slot, likely) -> assertEquals(1, sum(likely), 1e-5, slot));
      IntStream.range(0, 8)
          .parallel()
          .forEach(
              i -> assertArrayEquals(first.get("light"), captioner.describe(one).get("light")));
      assertFalse(
          Arrays.equals(first.get("light"), captioner.describe(noise(256, 2)).get("light")));
    }
  }

  @Test
  void readsImagesOfAnySize() throws IOException {
    write("LikenessPhotoReader", ATTRIBUTES, 8);
    try (Captioner captioner = Captioner.find(base).orElseThrow()) {
      RgbImage small = noise(256, 3);
      byte[] pixels = small.rgb();
      byte[] doubled = new byte[3 * 512 * 512];
      for (int i = 0; i < doubled.length; i++) {
        int pixel = i / 3;
        doubled[i] = pixels[3 * (pixel / 512 / 2 * 256 + pixel % 512 / 2) + i % 3];
      }
      assertArrayEquals(
          captioner.describe(small).get("hair"),
          captioner.describe(RgbImage.of(512, 512, doubled)).get("hair"),
          1e-6f);
      assertEquals(
          2, captioner.describe(RgbImage.of(40, 50, new byte[3 * 40 * 50])).get("hair").length);
    }
  }

  @Test
  void isAbsentWhereTheModelBringsNone() {
    assertTrue(Captioner.find(base).isEmpty());
  }

  @Test
  void refusesAnotherClassOtherWeightsAndAttributesWithoutWords() throws IOException {
    write("CLIPVisionModel", ATTRIBUTES, 8);
    assertTrue(refusal().contains("CLIPVisionModel"), refusal());
    write("LikenessPhotoReader", ATTRIBUTES, 16);
    assertTrue(refusal().contains("whole.conv_in"), refusal());
    Path config = base.resolve("photo_reader/config.json");
    Files.writeString(config, Files.readString(config).replace("[16, 8, 8, 16]", "[8, 8]"));
    assertTrue(refusal().contains("block_out_channels"), refusal());
    write("LikenessPhotoReader", "{\"hair\": [\"one\"]}", 8);
    assertTrue(
        refusal()
            .contains(
                "\"attributes\" is {hair=[one]}, expected an object of lists with two words or more"),
        refusal());
  }

  private String refusal() {
    return assertThrows(InvalidInputException.class, () -> Captioner.find(base)).getMessage();
  }

  /** A captioner whose config and weights go together where {@code width} is 8. */
  private void write(String kind, String attributes, int width) throws IOException {
    Path folder = Files.createDirectories(base.resolve("photo_reader"));
    Files.writeString(
        folder.resolve("config.json"),
        "{\"_class_name\": \"" + kind + "\", \"block_out_channels\": [" + width
            + ", 8, 8, 16], \"kept_channels\": 2, \"features\": 12, \"attributes\": " + attributes
            + "}");
    CaptionerNetwork.Shape shape =
        new CaptionerNetwork.Shape(List.of(8, 8, 8, 16), 2, 12, Map.of("hair", 2, "light", 3));
    try (NoiseSource noise = NoiseSource.seeded(4);
        TrainableWeights weights =
            new TrainableWeights(WeightInitializer.seeded(noise, name -> false))) {
      new CaptionerNetwork(shape, Weights.of(weights));
      SafetensorsWriter.write(folder.resolve("model.safetensors"), weights.leaves(), Map.of());
    }
  }

  private static RgbImage noise(int side, long seed) {
    byte[] rgb = new byte[3 * side * side];
    new Random(seed).nextBytes(rgb);
    return RgbImage.of(side, side, rgb);
  }

  private static double sum(float... values) {
    double sum = 0;
    for (float value : values) {
      sum += value;
    }
    return sum;
  }
}
