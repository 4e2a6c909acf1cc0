package dev.likeness.cli;

import com.fasterxml.jackson.jr.ob.JSON;
import dev.likeness.diffusion.internal.file.ModelConfig;
import dev.likeness.diffusion.internal.file.SafetensorsWriter;
import dev.likeness.diffusion.internal.nn.Weights;
import dev.likeness.diffusion.internal.tensor.NoiseSource;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.diffusion.internal.training.TrainableWeights;
import dev.likeness.diffusion.internal.training.WeightInitializer;
import dev.likeness.headshots.internal.photo.Captioner;
import dev.likeness.headshots.internal.photo.CaptionerNetwork;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;

/** A captioner that says the same of every photo, and is sure of it. */
final class ConfidentCaptioner {
  private static final List<String> ATTRIBUTES = List.of(
      "sex",
      "age",
      "skin",
      "hair",
      "colour",
      "beard",
      "glasses",
      "marks",
      "outfit colour",
      "backdrop colour",
      "light",
      "backdrop",
      "outfit");

  private ConfidentCaptioner() {}

  /**
   * Writes one into the model folder {@code base}: of each slot, these words, or nothing where no
   * word is given.
   */
  static void write(Path base, String... slotsAndWords) throws IOException {
    Map<String, List<String>> slots = new LinkedHashMap<>();
    ATTRIBUTES.forEach(slot -> slots.put(slot, List.of("", "never")));
    for (int i = 0; i < slotsAndWords.length; i += 2) {
      slots.put(slotsAndWords[i], List.of(slotsAndWords[i + 1], "never"));
    }
    write(base, slots);
  }

  /** Writes one that has nothing to say of {@code slot}. */
  static void writeWithout(Path base, String slot) throws IOException {
    Map<String, List<String>> slots = new LinkedHashMap<>();
    ATTRIBUTES.stream()
        .filter(name -> !name.equals(slot))
        .forEach(name -> slots.put(name, List.of("", "never")));
    write(base, slots);
  }

  private static void write(Path base, Map<String, List<String>> slots) throws IOException {
    Map<String, Object> config = Map.of(
        "_class_name",
        "LikenessPhotoReader",
        "block_out_channels",
        List.of(8, 8, 8, 8),
        "kept_channels",
        1,
        "features",
        2,
        "attributes",
        slots);
    Path folder = Files.createDirectories(base.resolve("photo_reader"));
    Files.writeString(folder.resolve("config.json"), JSON.std.asString(config));
    try (TensorScope scope = TensorScope.open();
        NoiseSource noise = NoiseSource.seeded(1);
        NoGradGuard guard = new NoGradGuard();
        TrainableWeights weights =
            new TrainableWeights(WeightInitializer.seeded(noise, name -> false))) {
      new CaptionerNetwork(
          Captioner.shape(ModelConfig.of(config, "captioner")), Weights.of(weights));
      weights.leaves().forEach(ConfidentCaptioner::answer);
      SafetensorsWriter.write(folder.resolve("model.safetensors"), weights.leaves(), Map.of());
    }
  }

  /** The first word of each head, whatever is seen. */
  private static void answer(String name, Tensor leaf) {
    leaf.zero_();
    if (name.startsWith("heads.") && name.endsWith("bias")) {
      leaf.narrow(0, 0, 1).fill_(new Scalar(20f));
    }
  }
}
