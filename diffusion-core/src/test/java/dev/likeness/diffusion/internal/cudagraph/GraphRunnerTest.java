package dev.likeness.diffusion.internal.cudagraph;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.GeneratedImage;
import dev.likeness.diffusion.ModelFiles;
import dev.likeness.diffusion.golden.GoldenFolder;
import dev.likeness.diffusion.golden.PipelineFolder;
import dev.likeness.diffusion.internal.natives.NoTensorLeaks;
import dev.likeness.diffusion.internal.sampling.EngineHooks;
import dev.likeness.diffusion.internal.sampling.GuidanceRule;
import dev.likeness.diffusion.internal.sampling.GuidedPredictor;
import dev.likeness.diffusion.internal.tensor.ImageTensors;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.diffusion.request.CachingOptions;
import dev.likeness.diffusion.request.DegradedGuidance;
import dev.likeness.diffusion.request.GuidanceOptions;
import dev.likeness.diffusion.request.ImageRequest;
import dev.likeness.diffusion.request.PromptSyntax;
import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.diffusion.tensor.DType;
import dev.likeness.diffusion.tensor.MemoryBudget;
import dev.likeness.diffusion.tensor.MemoryBudget.EightBits;
import dev.likeness.schedulers.Step;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.bytedeco.pytorch.AutoGradMode;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@ExtendWith(NoTensorLeaks.class)
class GraphRunnerTest {
  private static final ImageRequest REQUEST =
      ImageRequest.of("a man").steps(4).size(16, 16).seed(3).count(2);

  @TempDir
  private Path parent;

  /**
   * What a device would replay is only what it was given when it recorded: nothing may come in
   * beside the buffers.
   */
  @Test
  void copiesInputsAndScalarsIntoCapturedBuffersAndReturnsOwnMemory() {
    Set<Long> seen = new HashSet<>();
    try (TensorScope scope = TensorScope.open();
        NoGradGuard guard = new NoGradGuard();
        GraphRunner replayed = new GraphRunner(GraphRunner.Capture.RERUN)) {
      StepRunner.Work work = (row, in) -> {
        seen.add(in[0].data_ptr().address());
        return new Tensor[] {
          row.addScaled(row.multiply(in[0], Step::timestep), in[0], step -> step.index() + 0.5)
        };
      };
      assertArrayEquals(new float[] {10.5f, 21}, run(replayed, "a", 0, work, 1, 2));
      assertEquals(0, replayed.size(), "what comes once runs as it comes");
      seen.clear();
      Tensor second = replayed.run("a", step(1), work, torch.tensor(3f, 4f))[0];
      assertArrayEquals(new float[] {12.5f, 25}, run(replayed, "a", 2, work, 1, 2));
      assertArrayEquals(new float[] {34.5f, 46}, ImageTensors.floats(second));
      assertEquals(1, seen.size());
      assertEquals(1, replayed.size());
      run(replayed, "b", 0, work, 3, 4);
      run(replayed, "b", 1, work, 3, 4);
      run(replayed, "a", 0, work, 3, 4, 5);
      run(replayed, "a", 1, work, 3, 4, 5);
      assertEquals(
          3, replayed.size(), "another layout and another shape are recorded for themselves");
    }
  }

  /**
   * A graph of the work's operations is what a gradient goes back through, and a recording leaves
   * none.
   */
  @Test
  void capturesNothingWhileGradientsAreEnabled() {
    int[] made = new int[1];
    GraphRunner.Capture counting = work -> {
      made[0]++;
      return GraphRunner.Capture.RERUN.capture(work);
    };
    try (TensorScope scope = TensorScope.open();
        AutoGradMode gradients = new AutoGradMode(true);
        GraphRunner replayed = new GraphRunner(counting)) {
      StepRunner.Work work =
          (row, in) -> new Tensor[] {row.multiply(in[0].square(), Step::timestep)};
      for (int i = 0; i < 3; i++) {
        Tensor input = torch.tensor(2f, 3f).set_requires_grad(true);
        replayed.run("a", step(i), work, input)[0].sum().backward();
        assertArrayEquals(new float[] {40, 60}, ImageTensors.floats(input.grad()));
      }
      assertEquals(0, made[0]);
      try (NoGradGuard guard = new NoGradGuard()) {
        run(replayed, "a", 3, work, 1, 2);
        run(replayed, "a", 4, work, 1, 2);
      }
      assertEquals(1, made[0], "where none are wanted it is recorded");
    }
  }

  @Test
  void runsEagerlyWhatCannotBeCapturedAndCapturesItsParts() {
    int[] tried = new int[1];
    GraphRunner.Capture smallOnly = work -> {
      if (tried[0]++ == 0) {
        throw new IllegalStateException("the card waits for the host here");
      }
      return GraphRunner.Capture.RERUN.capture(work);
    };
    try (TensorScope scope = TensorScope.open();
        NoGradGuard guard = new NoGradGuard();
        GraphRunner replayed = new GraphRunner(smallOnly)) {
      StepRunner.Work part = (row, in) -> new Tensor[] {row.multiply(in[0], Step::timestep)};
      StepRunner.Work whole = (row, in) -> {
        Tensor[] inner = replayed.run("part", step(0), part, in);
        return new Tensor[] {inner[0].add(in[0])};
      };
      for (int i = 0; i < 4; i++) {
        assertArrayEquals(new float[] {22}, run(replayed, "whole", i, whole, 2));
      }
      assertEquals(2, tried[0], "the whole is tried once, then its part");
    }
  }

  /** Numbers that rows share a place for, and all else that the layout must tell apart. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "Euler",
        "DPM++ 2M",
        "DPM++ 2M SDE Karras",
        "Euler a",
        "LCM",
        "UniPC",
        "euler_cfg_pp"
      })
  void generatesTheSameImagesWithAnyScheduler(String scheduler) {
    ImageRequest request = REQUEST.scheduler(scheduler);
    try (BaseModel base = BaseModel.open(folder("base"), Compute.EXACT)) {
      assertSame(base, request.guidance(3), 1);
    }
  }

  @Test
  @Tag("slow")
  void capturesEachLayoutSeparately() {
    GuidanceOptions plain = GuidanceOptions.DEFAULT;
    ImageRequest request = REQUEST.steps(6).guidance(3);
    try (BaseModel base = BaseModel.open(folder("base"), Compute.EXACT)) {
      assertSame(base, request.guidance(1), 1);
      assertSame(base, request.guidance(plain.between(0, 0.5)), 2);
      assertSame(base, request.guidance(plain.sequentially().rescale(0.7)), 1);
      assertSame(base, request.guidance(plain.cfgZeroStar(2)), 2);
      assertSame(base, request.guidance(plain.adaptiveProjectedGuidance(0, 0, 2)), 1);
      assertSame(
          base,
          request.guidance(plain.degradedGuidance(
              DegradedGuidance.perturbedAttention("attn1").between(0, 0.5))),
          2);
      assertSame(base, request.prompt("a [man:cat:0.5]").syntax(PromptSyntax.A1111), 2);
    }
  }

  /** The network alone is recorded where what is around it remembers earlier rows. */
  @Test
  void capturesTheNetworkWhereTheStepCannotBe() {
    ImageRequest request = REQUEST.steps(6).guidance(3);
    try (BaseModel base = BaseModel.open(folder("base"), Compute.EXACT)) {
      assertSame(
          base, request.guidance(GuidanceOptions.DEFAULT.adaptiveProjectedGuidance(0, -0.5, 2)), 1);
      assertSame(base, request.caching(CachingOptions.extrapolation(2)), 1);
      assertSame(base, request.caching(CachingOptions.deepCache(2, 1)), 0);
    }
  }

  @Test
  void capturesGuidanceAndUpdateWithTheNetwork() {
    boolean[] inside = new boolean[1];
    int[] outside = new int[1];
    GraphRunner.Capture noting = work -> {
      Runnable noted = () -> {
        inside[0] = true;
        work.run();
        inside[0] = false;
      };
      noted.run();
      return noted::run;
    };
    GuidanceRule rule = new GuidanceRule() {
      @Override
      public Tensor combine(GuidedPredictor.Predictions answers, Step step) {
        outside[0] += inside[0] ? 0 : 1;
        return answers.positive().add(answers.negative());
      }

      @Override
      public Object layout(Step step) {
        return this;
      }
    };
    try (BaseModel base = BaseModel.open(folder("base"), Compute.EXACT)) {
      base.generate(REQUEST
          .guidance(3)
          .guidance(GuidanceOptions.DEFAULT.formula((GuidanceRule.Factory) scale -> rule))
          .hooks(EngineHooks.ofRunner(compute -> new GraphRunner(noting))));
      assertEquals(1, outside[0], "the first row alone runs as it comes");
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "xl-base",
        "flux/dev",
        "flux/dev dpmpp_2m",
        "sd3/three",
        "sd3/three heun",
        "klein/base",
        "zimage/turbo",
        "zimage/turbo lcm"
      })
  void generatesTheSameImagesOfEveryFamily(String what) {
    String family = what.split(" ")[0];
    ImageRequest request =
        what.equals(family) ? REQUEST : REQUEST.scheduler(what.substring(family.length() + 1));
    Path golden =
        family.contains("/") ? PipelineFolder.write(family, parent).path() : folder(family);
    try (BaseModel base = BaseModel.open(golden, Compute.EXACT)) {
      assertSame(base, request, 1);
    }
  }

  @Test
  void capturesNothingWhereBlocksAreStreamed() {
    ModelFiles files = ModelFiles.of(PipelineFolder.write("flux/dev", parent).path());
    int[] asked = new int[1];
    try (BaseModel base = BaseModel.open(
        files, Compute.EXACT, MemoryBudget.unlimited().allow8Bit(EightBits.WEIGHTS))) {
      base.generate(REQUEST.count(1).hooks(EngineHooks.ofRunner(compute -> {
        asked[0]++;
        return new GraphRunner(GraphRunner.Capture.RERUN);
      })));
    }
    assertEquals(0, asked[0]);
  }

  @Test
  void capturesOnTheFirstGpuAlone() {
    assertEquals(StepRunner.EAGER, GraphRunner.forDevice(new Compute("cuda:1", DType.F32)));
    assertEquals(StepRunner.EAGER, GraphRunner.forDevice(Compute.EXACT));
  }

  @Test
  void freesEveryGraphThoughOneCannotBe() {
    int[] closed = new int[1];
    GraphRunner.Capture stubborn = work -> {
      work.run();
      return new GraphRunner.Capture.Graph() {
        @Override
        public void replay() {
          work.run();
        }

        @Override
        public void close() {
          throw new IllegalStateException("recording " + closed[0]++);
        }
      };
    };
    try (TensorScope scope = TensorScope.open();
        NoGradGuard guard = new NoGradGuard()) {
      GraphRunner replayed = new GraphRunner(stubborn);
      for (String layout : List.of("a", "a", "b", "b")) {
        run(replayed, layout, 0, (row, in) -> new Tensor[] {in[0].add(in[0])}, 1);
      }
      IllegalStateException failed = assertThrows(IllegalStateException.class, replayed::close);
      assertEquals("recording 0", failed.getMessage());
      assertEquals("recording 1", failed.getSuppressed()[0].getMessage());
    }
  }

  /**
   * Draws as it comes and replayed, and counts what was recorded; all rows but the first of each
   * recording are replays.
   */
  private static void assertSame(BaseModel base, ImageRequest request, int recordings) {
    int[] made = new int[2];
    GraphRunner.Capture counting = work -> {
      made[0]++;
      GraphRunner.Capture.Graph repeating = GraphRunner.Capture.RERUN.capture(work);
      return () -> {
        made[1]++;
        repeating.replay();
      };
    };
    List<GeneratedImage> plain = base.generate(List.of(request));
    List<GeneratedImage> again = base.generate(
        List.of(request.hooks(EngineHooks.ofRunner(compute -> new GraphRunner(counting)))));
    for (int i = 0; i < plain.size(); i++) {
      assertArrayEquals(plain.get(i).pixels(), again.get(i).pixels());
    }
    assertEquals(recordings, made[0], request.toString());
    assertTrue(made[1] >= 2 * recordings, made[1] + " replays of " + recordings);
  }

  private static float[] run(
      StepRunner runner, Object layout, int index, StepRunner.Work work, float... input) {
    return ImageTensors.floats(runner.run(layout, step(index), work, torch.tensor(input))[0]);
  }

  /** A row at timestep 10. */
  private static Step step(int index) {
    return new Step(index, 10, null, null, null, null, null);
  }

  private Path folder(String variant) {
    return GoldenFolder.write(variant, GoldenFolder.KeyFormat.CURRENT, parent).path();
  }
}
