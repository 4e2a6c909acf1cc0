package dev.likeness.cli;

import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.request.Run;
import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.lora.LoraPerson;
import dev.likeness.lora.LoraTrainer;
import dev.likeness.lora.training.PersonToken;
import dev.likeness.lora.training.TrainingSettings;
import dev.likeness.portrait.PortraitModel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * What a person of {@code portrait} takes on disk: every layer that one learns there, at rank 4.
 */
class PortraitPersonSizeTest {
  private static final long MAX_BYTES = 1_000_000;

  @Test
  void isAtMostOneMegabyteAtRankFour(@TempDir Path folder) throws IOException {
    Path file = folder.resolve("person.safetensors");
    try (BaseModel base = BaseModel.open(PortraitModel.files(), Compute.EXACT)) {
      TrainingSettings settings =
          TrainingSettings.balanced().forBase(base).rank(4).batchSize(1).steps(1);
      RgbImage grey = RgbImage.of(64, 64, new byte[64 * 64 * 3]);
      try (LoraPerson person = new LoraTrainer(settings)
          .train(base, List.of(grey), PersonToken.of("man"), Run.of(event -> {}))) {
        person.save(file);
      }
    }
    assertTrue(Files.size(file) <= MAX_BYTES, Files.size(file) + " bytes");
  }
}
