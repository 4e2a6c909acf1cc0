package dev.likeness.diffusion;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import dev.likeness.diffusion.golden.GoldenFolder;
import dev.likeness.diffusion.golden.PipelineFolder;
import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.diffusion.tensor.NoTensorLeaks;
import dev.likeness.schedulers.SchedulerConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

@ExtendWith(NoTensorLeaks.class)
class DrawnWithTest {
  private static final String CONFIG = "{\"_class_name\":\"TCDScheduler\",\"_num_inference_steps\":4,\"_guidance_scale\":2,\"_eta\":0.4}";

  @Test
  void anXlThatPaintsInIsGuidedAsItsPipelineGuides(@TempDir Path folder) {
    assertEquals(List.of(5.0, 7.5), Stream.of("xl-base", "xl-inpainting").map(name -> {
      try (BaseModel base = BaseModel.open(GoldenFolder.write(name, GoldenFolder.Spelling.TODAY, folder).path(), Compute.EXACT)) {
        return base.defaults().guidance();
      }
    }).toList());
  }

  @Test
  void aModelIsDrawnWithWhatItsSchedulersConfigSays(@TempDir Path folder) throws IOException {
    Path files = GoldenFolder.write("base", GoldenFolder.Spelling.TODAY, folder).path();
    Files.writeString(files.resolve("scheduler/scheduler_config.json"), CONFIG);
    ImageRequest ask = ImageRequest.of("a person").size(48, 32).seed(3);
    try (BaseModel base = BaseModel.open(files, Compute.EXACT)) {
      assertEquals(4, base.defaults().steps());
      float[] usual = base.generate(ask).pixels();
      assertArrayEquals(base.generate(ask.steps(4).guidance(2).eta(0.4)).pixels(), usual);
      assertFalse(Arrays.equals(base.generate(ask.eta(0)).pixels(), usual), "it adds noise");
      assertArrayEquals(base.generate(ask.scheduler("tcd").eta(0)).pixels(), base.generate(ask.scheduler("tcd")).pixels(),
          "what is the model's own scheduler's is nobody else's");
    }
  }

  @Test
  void aSchedulerThatIsBroughtAddsAsMuchNoiseAsByItsName(@TempDir Path folder) {
    ImageRequest ask = ImageRequest.of("a person").size(48, 32).seed(3).steps(3);
    try (BaseModel base = BaseModel.open(GoldenFolder.write("base", GoldenFolder.Spelling.TODAY, folder).path(), Compute.EXACT)) {
      SchedulerConfig ancestral = base.parts().scheduler().with("dpmpp_2s_ancestral");
      float[] brought = base.generate(ask.sampledBy(ancestral)).pixels();
      assertArrayEquals(base.generate(ask.scheduler("dpmpp_2s_ancestral")).pixels(), brought);
      assertFalse(Arrays.equals(base.generate(ask.sampledBy(ancestral.with("eta", 0.5))).pixels(), brought), "its options count");
      assertFalse(Arrays.equals(base.generate(ask.sampledBy(ancestral).eta(0)).pixels(), brought), "unless the request says");
    }
  }

  @Test
  void onFlowNetworksABroughtSchedulerDrawsAsByItsName(@TempDir Path folder) {
    ImageRequest ask = ImageRequest.of("a person").size(32, 32).seed(3).steps(3);
    try (BaseModel base = BaseModel.open(PipelineFolder.any("flux/dev", folder), Compute.EXACT)) {
      float[] named = base.generate(ask.scheduler("dpmpp_2m")).pixels();
      ImageRequest brought = ask.sampledBy(base.parts().scheduler().with("dpmpp_2m"));
      assertArrayEquals(named, base.generate(brought).pixels());
      assertFalse(Arrays.equals(named, base.generate(brought.scheduler("euler")).pixels()), "a name that is given later counts");
    }
  }
}
