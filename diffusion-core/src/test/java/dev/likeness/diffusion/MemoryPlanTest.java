package dev.likeness.diffusion;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.error.ResourceLimitException;
import dev.likeness.diffusion.golden.PipelineFolder;
import dev.likeness.diffusion.internal.access.EngineAccess;
import dev.likeness.diffusion.internal.family.ModelComponents;
import dev.likeness.diffusion.internal.memory.MemoryEstimate;
import dev.likeness.diffusion.internal.memory.MemoryPlan;
import dev.likeness.diffusion.internal.memory.WeightResidence;
import dev.likeness.diffusion.internal.model.ModelOpener;
import dev.likeness.diffusion.internal.model.PlannedFiles;
import dev.likeness.diffusion.internal.natives.NoTensorLeaks;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.diffusion.request.GenerationDefaults;
import dev.likeness.diffusion.request.ImageRequest;
import dev.likeness.diffusion.request.ProgressEvent;
import dev.likeness.diffusion.request.Run;
import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.diffusion.tensor.DType;
import dev.likeness.diffusion.tensor.MemoryBudget;
import dev.likeness.diffusion.tensor.MemoryBudget.EightBits;
import dev.likeness.diffusion.tensor.Resident;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@ExtendWith(NoTensorLeaks.class)
class MemoryPlanTest {
  private static final ImageRequest REQUEST =
      ImageRequest.of("a photo").steps(2).size(32, 32).seed(3);
  private static final MemoryBudget AMPLE = MemoryBudget.of("60GiB").size(32, 32);

  @TempDir
  private Path scratch;

  @Test
  void leavesTheReservedMemoryToOtherNetworks() {
    ModelComponents files =
        ModelOpener.open(PipelineFolder.write("flux/dev", scratch).path());
    MemoryPlan alone = PlannedFiles.plan(files, Compute.EXACT, AMPLE);
    MemoryPlan beside = PlannedFiles.plan(files, Compute.EXACT, AMPLE.reserve(20L << 30));
    assertTrue(alone.peak() < 20L << 30, alone.toString());
    assertTrue(!alone.toString().contains("other networks"), alone.toString());
    assertTrue(beside.peak() > 20L << 30, beside.toString());
    assertTrue(beside.toString().contains("other networks    20.0 GiB"), beside.toString());
    MemoryBudget full = AMPLE.reserve(AMPLE.bytes());
    assertThrows(ResourceLimitException.class, () -> PlannedFiles.plan(files, Compute.EXACT, full));
    assertThrows(IllegalArgumentException.class, () -> AMPLE.reserve(-1));
  }

  @ParameterizedTest
  @ValueSource(strings = {"flux/dev", "sd3/three", "klein/base", "zimage/turbo"})
  void generatesTheSameImageResidentOrStreamed(String name) {
    ModelComponents files = ModelOpener.open(PipelineFolder.write(name, scratch).path());
    float[] plain;
    try (BaseModel base = BaseModels.open(files, Compute.EXACT)) {
      plain = base.generate(REQUEST).pixels();
    }
    List<WeightResidence> met = new ArrayList<>();
    for (MemoryPlan plan : PlannedFiles.choices(files, Compute.EXACT, AMPLE)) {
      assertEquals(Compute.EXACT, plan.compute());
      try (BaseModel base = BaseModels.open(files, plan)) {
        met.add(plan.residence("transformer"));
        assertArrayEquals(plain, base.generate(REQUEST).pixels(), 1e-5f, plan.toString());
      }
    }
    assertEquals(
        List.of(
            WeightResidence.RESIDENT,
            WeightResidence.RESIDENT,
            WeightResidence.RESIDENT,
            WeightResidence.STREAMED),
        met);
  }

  @Test
  void streamsAQuantisedFileBlockByBlock() throws IOException {
    Path gguf = scratch.resolve("flux.gguf");
    try (InputStream in =
        MemoryPlanTest.class.getResourceAsStream("/golden/gguf/flux-dev-q8_0.gguf")) {
      Files.copy(in, gguf);
    }
    ModelComponents files = ModelOpener.open(
            PipelineFolder.write("flux/dev", scratch).path())
        .with("transformer", gguf);
    try (BaseModel held = BaseModels.open(files, Compute.EXACT);
        BaseModel streamed = BaseModels.open(files, last(files, AMPLE))) {
      assertEquals(
          WeightResidence.STREAMED,
          EngineAccess.engine(streamed).plan().orElseThrow().residence("transformer"));
      assertArrayEquals(
          held.generate(REQUEST).pixels(), streamed.generate(REQUEST).pixels(), 1e-5f);
    }
  }

  @ParameterizedTest
  @CsvSource({"flux/dev, transformer, INT8_BLOCKS", "sd1/base, unet, INT8_MATRICES"})
  void generatesNearlyTheSameImageIn8Bit(String name, String network, WeightResidence eightBits) {
    ModelComponents files = ModelOpener.open(PipelineFolder.any(name, scratch));
    MemoryPlan planned =
        PlannedFiles.choices(files, Compute.EXACT, AMPLE.allow8Bit(EightBits.IF_NEEDED)).stream()
            .filter(plan -> plan.residence(network) == eightBits)
            .findFirst()
            .orElseThrow();
    MemoryPlan asked = PlannedFiles.plan(
        files, Compute.EXACT, MemoryBudget.unlimited().allow8Bit(EightBits.WEIGHTS));
    assertEquals(eightBits, asked.residence(network));
    try (BaseModel base = BaseModels.open(files, Compute.EXACT);
        BaseModel small = BaseModels.open(files, planned);
        BaseModel wanted = BaseModels.open(files, asked)) {
      float[] exact = base.generate(REQUEST).pixels();
      float[] near = small.generate(REQUEST).pixels();
      double sum = 0;
      for (int i = 0; i < exact.length; i++) {
        sum += Math.abs(exact[i] - near[i]);
      }
      assertTrue(sum > 0 && sum / exact.length < 0.02, "mean difference " + sum / exact.length);
      assertArrayEquals(
          near,
          wanted.generate(REQUEST).pixels(),
          1e-5f,
          "the same but for an autoencoder in strips");
    }
  }

  @ParameterizedTest
  @CsvSource({"flux/dev, transformer", "sd1/base, unet"})
  void generatesNearlyTheSameImageWith8BitProducts(String name, String network) {
    ModelComponents files = ModelOpener.open(PipelineFolder.any(name, scratch));
    MemoryBudget products = MemoryBudget.unlimited().allow8Bit(EightBits.PRODUCTS);
    if (!Compute.hasCpuInt8()) {
      assertTrue(assertThrows(
              ResourceLimitException.class, () -> PlannedFiles.plan(files, Compute.EXACT, products))
          .getMessage()
          .startsWith("8-bit matrix products need a CPU with VNNI"));
      return;
    }
    MemoryPlan plan = PlannedFiles.plan(files, Compute.EXACT, products);
    assertEquals(WeightResidence.INT8_MATMUL, plan.residence(network));
    MemoryPlan limited = last(files, AMPLE.allow8Bit(EightBits.PRODUCTS));
    assertEquals(WeightResidence.INT8_MATMUL, limited.residence(network));
    assertEquals(WeightResidence.STREAMED, limited.residence("text_encoder"));
    try (BaseModel base = BaseModels.open(files, Compute.EXACT);
        BaseModel small = BaseModels.open(files, plan);
        BaseModel smaller = BaseModels.open(files, limited)) {
      assertArrayEquals(
          small.generate(REQUEST).pixels(), smaller.generate(REQUEST).pixels(), 1e-5f);
      float[] exact = base.generate(REQUEST).pixels();
      float[] near = small.generate(REQUEST).pixels();
      double sum = 0;
      for (int i = 0; i < exact.length; i++) {
        sum += Math.abs(exact[i] - near[i]);
      }
      assertTrue(sum > 0 && sum / exact.length < 0.03, "mean difference " + sum / exact.length);
    }
  }

  @Test
  void reportsTheMemoryThatIsNeeded() {
    ModelFiles files = ModelFiles.of(PipelineFolder.write("flux/dev", scratch).path());
    String said = assertThrows(
            ResourceLimitException.class,
            () -> BaseModel.open(files, Compute.EXACT, MemoryBudget.of("1 MB").size(32, 32)))
        .getMessage();
    assertTrue(
        said.matches(Pattern.quote(files.path().toString())
            + " needs [0-9.]+ GiB for an image of 32x32 even with"
            + " .*transformer streamed block by block.* in f32; the budget is 0.001 GiB: give more memory, or"
            + " use a smaller image"),
        said);
    try (BaseModel base = BaseModel.open(files, Compute.EXACT, AMPLE)) {
      String plan = base.memoryPlan().orElseThrow();
      assertEquals(
          "memory for one image of 32x32 on cpu f32, budget 60.0 GiB",
          plan.lines().findFirst().orElseThrow());
      assertTrue(EngineAccess.engine(base).plan().orElseThrow().peak() < 60L << 30);
      String refused = assertThrows(
              ResourceLimitException.class, () -> base.generate(REQUEST.size(16384, 16384)))
          .getMessage();
      assertTrue(refused.startsWith("an image of 16384x16384 takes "), refused);
    }
    assertEquals(
        "\"much\" is not a memory size; give one such as 12GiB or 800MB",
        assertThrows(IllegalArgumentException.class, () -> MemoryBudget.of("much"))
            .getMessage());
  }

  /** A request for f32 is never computed in bf16, and the figures tell need and budget apart. */
  @ParameterizedTest
  @ValueSource(strings = {"sd1/base", "flux/dev"})
  void keepsF32OrRefusesIt(String name) {
    ModelFiles files = ModelFiles.of(PipelineFolder.any(name, scratch));
    ModelComponents components = ModelOpener.open(files.path());
    MemoryBudget large = AMPLE.size(1024, 1024);
    long exact = last(components, large).peak();
    long half = PlannedFiles.choices(components, new Compute("cpu", DType.BF16), large).stream()
        .mapToLong(MemoryPlan::peak)
        .min()
        .orElseThrow();
    assertTrue(half < exact);
    // The memory of the process itself counts, and it grows while the test runs.
    MemoryBudget tight = MemoryBudget.ofBytes((half + exact) / 2).size(1024, 1024);
    String said = assertThrows(
            ResourceLimitException.class, () -> BaseModel.open(files, Compute.EXACT, tight))
        .getMessage();
    assertTrue(said.contains(" in f32; the budget is "), said);
    assertTrue(
        said.endsWith(": give more memory, compute in bf16 (--dtype bf16), or use a smaller image"),
        said);
    List<String> figures = Pattern.compile("[0-9.]+ GiB")
        .matcher(said)
        .results()
        .map(MatchResult::group)
        .toList();
    assertEquals(2, figures.size());
    MemoryBudget enough = MemoryBudget.of(figures.get(0));
    assertTrue(enough.bytes() > tight.bytes(), said);
  }

  @Test
  void figuresTellNeedAndBudgetApart() {
    long gib = 1L << 30;
    assertEquals(
        new MemoryEstimate.Figures("12.50 GiB", "8.00 GiB"),
        MemoryEstimate.Figures.of(12 * gib + gib / 2, 8 * gib));
    assertEquals(
        new MemoryEstimate.Figures("0.71 GiB", "0.70 GiB"),
        MemoryEstimate.Figures.of(gib * 7033 / 10000, gib * 7 / 10));
    assertEquals(
        new MemoryEstimate.Figures("1.000 GiB", "0.001 GiB"),
        MemoryEstimate.Figures.of(gib, 1_000_000));
    MemoryEstimate.Figures closest = MemoryEstimate.Figures.of(gib + 1, gib);
    assertEquals(new MemoryEstimate.Figures("1.01 GiB", "1.00 GiB"), closest);
    assertTrue(MemoryBudget.of(closest.need()).bytes() >= gib + 1, "the figure is enough");
  }

  @ParameterizedTest
  @ValueSource(strings = {"sd1/base", "flux/dev", "sd3/three", "klein/base"})
  void plansForTheModelsDefaultSizeIfNoneIsGiven(String name) {
    try (BaseModel base = BaseModel.open(
        ModelFiles.of(PipelineFolder.any(name, scratch)),
        Compute.EXACT,
        MemoryBudget.of("60GiB"))) {
      GenerationDefaults own = base.defaults();
      String plan = base.memoryPlan().orElseThrow();
      assertTrue(
          plan.startsWith("memory for one image of " + own.width() + "x" + own.height() + " on"),
          plan);
    }
  }

  @Test
  void eightBitsInAnyCaseGoWithoutALimit() {
    assertEquals(
        "unconditional 8-bit quantisation (WEIGHTS) cannot be combined with a memory limit;"
            + " leave out the limit, or choose IF_NEEDED",
        assertThrows(IllegalArgumentException.class, () -> AMPLE.allow8Bit(EightBits.WEIGHTS))
            .getMessage());
  }

  @Test
  void choosesTheFirstPlanThatFits() {
    ModelComponents files =
        ModelOpener.open(PipelineFolder.write("flux/dev", scratch).path());
    List<Long> peaks = PlannedFiles.choices(files, Compute.EXACT, AMPLE).stream()
        .map(MemoryPlan::peak)
        .toList();
    for (int i = 1; i < peaks.size(); i++) {
      assertTrue(
          peaks.get(i) <= peaks.get(i - 1),
          "each plan needs no more than the one before: " + peaks);
    }
    assertEquals(
        WeightResidence.RESIDENT,
        PlannedFiles.plan(files, Compute.EXACT, AMPLE).residence("text_encoder"));
    assertEquals(12L << 30, MemoryBudget.of("12GiB").bytes());
    assertEquals(800_000_000L, MemoryBudget.of("800 MB").bytes());
  }

  /** Freed among what is kept, memory stays with the process until it is asked to give it back. */
  @Test
  @EnabledOnOs(OS.LINUX)
  void returnsMemoryThatSamplingFreed() {
    ModelFiles files = ModelFiles.of(PipelineFolder.write("flux/dev", scratch).path());
    long[] resident = new long[2];
    try (BaseModel base = BaseModel.open(files, Compute.EXACT, AMPLE);
        TensorScope scope = TensorScope.open()) {
      base.generateAll(REQUEST, Run.of(event -> {
        if (event instanceof ProgressEvent.Step step
            && step.phase().equals("sample")
            && step.step() == step.steps()) {
          fragmentMemory();
          resident[0] = Resident.now();
        } else if (event instanceof ProgressEvent.Phase phase && phase.name().equals("decode")) {
          resident[1] = Resident.now();
        }
      }));
    }
    assertTrue(
        resident[0] - resident[1] > 200 << 20,
        "from " + (resident[0] >> 20) + " to " + (resident[1] >> 20) + " MiB");
  }

  private static void fragmentMemory() {
    List<Tensor> kept = new ArrayList<>();
    try (TensorScope scope = TensorScope.open()) {
      for (int i = 0; i < 64; i++) {
        torch.ones(1 << 20);
        kept.add(scope.promote(torch.ones(1)));
      }
    }
  }

  private static MemoryPlan last(ModelComponents files, MemoryBudget budget) {
    return PlannedFiles.choices(files, Compute.EXACT, budget).stream()
        .reduce((a, b) -> b)
        .orElseThrow();
  }
}
