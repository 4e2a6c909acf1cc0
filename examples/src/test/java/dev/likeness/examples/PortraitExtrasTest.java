package dev.likeness.examples;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.internal.access.EngineAccess;
import dev.likeness.diffusion.internal.model.ModelExtras;
import dev.likeness.diffusion.internal.model.ModelExtras.Extra;
import dev.likeness.diffusion.internal.model.ModelExtras.Upscaling;
import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.lora.DreamBooth;
import dev.likeness.lora.training.TrainingPreset;
import dev.likeness.lora.training.TrainingSettings;
import dev.likeness.portrait.PortraitModel;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** What the embedded model declares are the numbers that it was measured with. */
class PortraitExtrasTest {
  @Test
  void bringsEveryExtra() {
    ModelExtras extras = ModelExtras.in(PortraitModel.files());
    for (Extra extra : Extra.values()) {
      assertTrue(extras.find(extra).isPresent(), extra.name());
    }
  }

  @Test
  void declaresHowItIsUsed() {
    try (BaseModel portrait = BaseModel.open(PortraitModel.files(), Compute.EXACT)) {
      ModelExtras extras = EngineAccess.extras(portrait);
      assertEquals(Optional.of("portrait"), extras.styleFamily());
      assertEquals(new Upscaling(0.05, Optional.of("ddim"), false, true), extras.upscaling());
      assertTrue(!extras.photographs() && !extras.rareToken());
      for (TrainingSettings settings :
          List.of(TrainingSettings.quick(), TrainingSettings.balanced(), TrainingSettings.best())) {
        assertEquals(settings, settings.forBase(portrait));
      }
      assertEquals(TrainingSettings.balanced(), TrainingPreset.BALANCED.of(portrait, 10));
      assertEquals(
          new DreamBooth(TrainingSettings.balanced().learningRate(3e-4)),
          DreamBooth.forBase(portrait));
    }
  }
}
