package dev.likeness.headshots.internal.generation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.Consent;
import dev.likeness.diffusion.Identity;
import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.golden.PipelineFolder;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.internal.model.ModelExtrasFile;
import dev.likeness.diffusion.request.Adapter;
import dev.likeness.diffusion.request.ImageRequest;
import dev.likeness.diffusion.request.ProgressEvent;
import dev.likeness.diffusion.request.Run;
import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.headshots.HeadshotStudio;
import dev.likeness.headshots.shoot.ShootRequest;
import dev.likeness.headshots.shoot.Upscaler;
import dev.likeness.headshots.style.Style;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TiledUpscaleTest {
  @TempDir
  private Path folder;

  @Test
  void isRefusedBeforeGenerationIfTheBaseCannot() {
    try (BaseModel base =
        BaseModel.open(PipelineFolder.write("flux/dev", folder).path(), Compute.EXACT)) {
      HeadshotStudio studio = HeadshotStudio.on(base);
      ShootRequest request = ShootRequest.of(Style.named("studio"), 1);
      int own = base.defaults().width();
      int most = own * 3 / 2;
      assertEquals(
          "size " + 2 * own + " needs tiled sampling, which " + base.name()
              + " does not support; ask for at most " + most
              + ", or enlarge the images with an upscaler afterwards",
          refusal(studio, request.size(2 * own)));
      Identity anybody = new Identity() {
        @Override
        public Adapter at(double weight) {
          throw new AssertionError("somebody was drawn");
        }

        @Override
        public String phrase() {
          return "a person";
        }

        @Override
        public Optional<Consent> consent() {
          return Optional.of(Consent.synthetic());
        }
      };
      assertEquals(
          refusal(studio, request.size(2 * own)),
          assertThrows(
                  InvalidInputException.class, () -> studio.shoot(anybody, request.size(2 * own)))
              .getMessage());
      int odd = own + base.sizeMultiple() / 2;
      assertEquals(
          "size " + odd + " is not a multiple of " + base.sizeMultiple() + ", which " + base.name()
              + " needs; ask for " + own,
          assertThrows(InvalidInputException.class, () -> TiledUpscale.requireValidSize(base, odd))
              .getMessage());
      studio.validate(request.size(most));
      assertEquals(
          List.of(false, false, true),
          List.of(
              studio.needsUpscaling(request),
              studio.needsUpscaling(request.size(most)),
              studio.needsUpscaling(request.size(2 * own))));
      studio.validate(request);
    }
  }

  /**
   * Of a base that declares so, whatever number of steps was asked for, and not by its last step
   * alone.
   */
  @ParameterizedTest
  @ValueSource(ints = {0, 1, 20, 60})
  void refinesInTwoSteps(int steps) {
    Path files = ModelExtrasFile.write(PipelineFolder.any("sd1/base", folder));
    try (BaseModel base = BaseModel.open(files, Compute.EXACT)) {
      int own = base.defaults().width();
      List<ProgressEvent> told = new ArrayList<>();
      RgbImage plain = RgbImage.of(own, own, new byte[own * own * 3]);
      RgbImage large = TiledUpscale.upscale(
          base,
          steps == 0 ? ImageRequest.of("x") : ImageRequest.of("x").steps(steps),
          plain,
          2 * own,
          2 * own,
          Upscaler.CUBIC,
          Run.of(told::add));
      assertEquals(2 * own, large.width());
      assertEquals(
          List.of("sample", "sample", "decode"),
          told.stream()
              .filter(ProgressEvent.Step.class::isInstance)
              .map(event -> ((ProgressEvent.Step) event).phase())
              .toList());
    }
  }

  @Test
  void plansEnoughStepsThatTwoAreSampled() {
    assertEquals(
        List.of(13, 20, 25, 50),
        List.of(
            TiledUpscale.steps(2, 0.2),
            TiledUpscale.steps(20, 0.2),
            TiledUpscale.steps(20, 0.1),
            TiledUpscale.steps(20, 0.05)));
  }

  private static String refusal(HeadshotStudio studio, ShootRequest request) {
    return assertThrows(InvalidInputException.class, () -> studio.validate(request))
        .getMessage();
  }
}
