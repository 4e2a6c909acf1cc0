package dev.likeness.diffusion;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.golden.GoldenFolder;
import dev.likeness.diffusion.golden.PipelineFolder;
import dev.likeness.diffusion.internal.adapter.Contribution;
import dev.likeness.diffusion.internal.adapter.GradientGuidance;
import dev.likeness.diffusion.internal.adapter.GradientGuidance.NetworkGradient;
import dev.likeness.diffusion.internal.adapter.ModelAdapter;
import dev.likeness.diffusion.internal.natives.NoTensorLeaks;
import dev.likeness.diffusion.request.Adapter;
import dev.likeness.diffusion.request.CachingOptions;
import dev.likeness.diffusion.request.GuidanceOptions;
import dev.likeness.diffusion.request.ImageRequest;
import dev.likeness.diffusion.request.TilingOptions;
import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.diffusion.tensor.Latents;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Images that an adapter leads on their way, on a whole pipeline. */
@ExtendWith(NoTensorLeaks.class)
class GradientGuidanceTest {
  private static final ImageRequest REQUEST =
      ImageRequest.of("a cat").steps(3).size(32, 24).seed(4).guidance(4);

  @TempDir
  private Path scratch;

  /** Leads to latents whose first channel is large. */
  private record TestGuidance(double reach, NetworkGradient gradient, int interval)
      implements ModelAdapter, GradientGuidance {
    TestGuidance(double reach) {
      this(reach, NetworkGradient.KEPT, 1);
    }

    @Override
    public Optional<NetworkGradient> networkGradient() {
      return Optional.ofNullable(gradient);
    }

    @Override
    public boolean isActive(int row) {
      return row % interval == 0;
    }

    @Override
    public Contribution contribution() {
      return Contribution.NONE.withGuidance(generation -> this);
    }

    @Override
    public Tensor objective(Tensor denoised) {
      return denoised.narrow(1, 0, 1).mean();
    }

    @Override
    public double stepLength(double noise) {
      return reach;
    }
  }

  private BaseModel base() {
    return BaseModel.open(
        GoldenFolder.write("base", GoldenFolder.KeyFormat.CURRENT, scratch).path(), Compute.EXACT);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "sd1/base",
        "sdxl/xl-base",
        "flux/dev",
        "sd3/medium",
        "klein/base",
        "klein/distilled",
        "zimage/turbo",
        "chroma/base"
      })
  void movesEveryFamilyWithAndWithoutTheNetwork(String family) {
    ImageRequest request = ImageRequest.of("a cat").steps(3).size(32, 32).seed(4);
    try (BaseModel base = BaseModel.open(PipelineFolder.any(family, scratch), Compute.EXACT)) {
      double plain = first(base.generate(request));
      GeneratedImage kept = guided(base, request, NetworkGradient.KEPT);
      GeneratedImage again = guided(base, request, NetworkGradient.RECOMPUTED);
      GeneratedImage out = guided(base, request, NetworkGradient.LEFT_OUT);
      assertArrayEquals(kept.latents().values(), again.latents().values(), 1e-3f);
      assertArrayEquals(
          kept.latents().values(),
          guided(base, request, null).latents().values(),
          1e-3f,
          "a small network is not left out");
      for (GeneratedImage moved : List.of(kept, again, out)) {
        assertTrue(first(moved) > plain + 0.01, plain + " without, " + first(moved) + " with");
      }
      assertTrue(
          IntStream.range(0, kept.pixels().length)
              .anyMatch(i -> Math.abs(kept.pixels()[i] - out.pixels()[i]) > 1e-4),
          "the network changes the gradient");
    }
  }

  private static GeneratedImage guided(
      BaseModel base, ImageRequest request, NetworkGradient gradient) {
    return base.generate(request.adapter(new TestGuidance(2, gradient, 1)));
  }

  @Test
  void guidesSomeRowsOnly() {
    try (BaseModel base = base()) {
      double plain = first(base.generate(REQUEST));
      double all = first(base.generate(REQUEST.adapter(new TestGuidance(2))));
      double some =
          first(base.generate(REQUEST.adapter(new TestGuidance(2, NetworkGradient.KEPT, 3))));
      assertTrue(plain + 0.02 < some && some + 0.02 < all, plain + " < " + some + " < " + all);
    }
  }

  @Test
  void refusesWindowsIfTheNetworkIsComputedAgain() {
    try (BaseModel base = base()) {
      ImageRequest request = REQUEST.tiling(TilingOptions.NONE.windows(8, 6));
      assertTrue(assertThrows(
              IllegalArgumentException.class,
              () -> guided(base, request, NetworkGradient.RECOMPUTED))
          .getMessage()
          .startsWith("tiled sampling cannot be combined with gradient checkpointing"));
    }
  }

  /** The mean of the first channel. */
  private static double first(GeneratedImage image) {
    Latents latents = image.latents();
    int plane = latents.height() * latents.width();
    return IntStream.range(0, plane)
        .mapToDouble(i -> latents.values()[i])
        .average()
        .orElseThrow();
  }

  @ParameterizedTest
  @ValueSource(strings = {"Euler", "DDIM", "LCM", "DPM++ 2M", "UniPC", "Heun"})
  void movesTowardsTheTargetWithAnyScheduler(String scheduler) {
    try (BaseModel base = base()) {
      double plain = first(base.generate(REQUEST.scheduler(scheduler)));
      double led = first(base.generate(REQUEST.scheduler(scheduler).adapter(new TestGuidance(2))));
      assertTrue(led > plain + 0.05, scheduler + ": " + plain + " without, " + led + " led");
    }
  }

  @Test
  void guidesOnlyItsOwnImageOfABatch() {
    try (BaseModel base = base()) {
      GeneratedImage alone = base.generate(REQUEST.seed(5).adapter(new TestGuidance(2)));
      List<GeneratedImage> both =
          base.generateAll(List.of(REQUEST, REQUEST.seed(5).adapter(new TestGuidance(2))));
      assertArrayEquals(
          base.generate(REQUEST).pixels(), both.get(0).pixels(), 1e-4f, "the other image stays");
      assertArrayEquals(alone.pixels(), both.get(1).pixels(), 1e-4f);
      assertTrue(first(alone) > first(base.generate(REQUEST.seed(5))) + 0.05);
    }
  }

  @Test
  void leavesOtherImagesUnchanged() {
    try (BaseModel base = base()) {
      float[] plain = base.generate(REQUEST).pixels();
      assertArrayEquals(
          plain,
          base.generate(REQUEST.adapter(new TestGuidance(2)).withoutGradientGuidance())
              .pixels());
      assertArrayEquals(
          plain, base.generate(REQUEST.adapter(new TestGuidance(0))).pixels(), 1e-4f);
    }
  }

  @Test
  void worksBesideOtherAdapters() {
    try (BaseModel base = base()) {
      ImageRequest led = REQUEST.adapter(new TestGuidance(2));
      for (ImageRequest request : List.of(
          led.caching(CachingOptions.deepCache(2, 0)),
          led.caching(CachingOptions.extrapolation(2)),
          led.guidance(GuidanceOptions.DEFAULT.adaptiveProjectedGuidance(0, -0.5, 0)))) {
        assertTrue(first(base.generate(request))
            > first(base.generate(request.withoutGradientGuidance())) + 0.02);
      }
    }
  }

  @Test
  void usesTheFirstOfTwo() {
    ModelAdapter sum = ModelAdapter.of(new TestGuidance(2).and(new TestGuidance(0)));
    assertEquals(Optional.of(new TestGuidance(2)), guidance(sum));
    ModelAdapter nothing = () -> Contribution.NONE;
    assertEquals(Optional.of(new TestGuidance(1)), guidance(nothing.and(new TestGuidance(1))));
    assertEquals(Optional.empty(), guidance(sum.withoutGradientGuidance()));
    assertEquals(
        Optional.of(new TestGuidance(0)),
        guidance(new TestGuidance(2).withoutGradientGuidance().and(new TestGuidance(0))));
  }

  private static Optional<GradientGuidance> guidance(Adapter adapter) {
    return ModelAdapter.of(adapter).contribution().guidance().map(guidance -> guidance.of(null));
  }
}
