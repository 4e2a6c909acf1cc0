package dev.likeness.portrait.evaluation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import dev.likeness.diffusion.internal.file.SafetensorsWriter;
import dev.likeness.diffusion.internal.nn.Weights;
import dev.likeness.diffusion.internal.tensor.NoiseSource;
import dev.likeness.diffusion.internal.training.TrainableWeights;
import dev.likeness.diffusion.internal.training.WeightInitializer;
import dev.likeness.portrait.attributes.AttributeNetwork;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EvaluationToolsTest {
  @Test
  void whoReadsWordsDoesNotJudgeFaces(@TempDir Path folder) {
    Path attributes = folder.resolve("attributes.safetensors");
    try (NoiseSource noise = NoiseSource.seeded(1);
        TrainableWeights weights =
            new TrainableWeights(WeightInitializer.seeded(noise, name -> false))) {
      new AttributeNetwork(Weights.of(weights));
      SafetensorsWriter.write(attributes, weights.leaves(), Map.of("commit", "c"));
    }
    try (EvaluationTools none =
            EvaluationTools.open(List.of(), Optional.empty(), Optional.empty());
        EvaluationTools reading =
            EvaluationTools.open(List.of(attributes), Optional.empty(), Optional.empty())) {
      assertEquals(none.judgingFaces(Map.of()), reading.judgingFaces(Map.of()));
      assertNotEquals(none.judging(Map.of()), reading.judging(Map.of()));
    }
  }
}
