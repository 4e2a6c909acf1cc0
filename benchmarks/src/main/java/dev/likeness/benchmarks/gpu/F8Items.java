package dev.likeness.benchmarks.gpu;

import dev.likeness.benchmarks.gpu.GpuProof.Item;
import dev.likeness.benchmarks.gpu.ProofLog.State;
import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.ModelFiles;
import dev.likeness.diffusion.internal.file.Safetensors;
import dev.likeness.diffusion.internal.file.SafetensorsWriter;
import dev.likeness.diffusion.internal.memory.BlockNames;
import dev.likeness.diffusion.internal.memory.Calibration.LayerInputs;
import dev.likeness.diffusion.internal.memory.LoadedWeights;
import dev.likeness.diffusion.internal.memory.WeightResidence;
import dev.likeness.diffusion.internal.nn.Linear;
import dev.likeness.diffusion.internal.nn.Parameters;
import dev.likeness.diffusion.internal.nn.Weights;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.diffusion.internal.tensor.Tensors;
import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.diffusion.tensor.MemoryBudget;
import dev.likeness.diffusion.tensor.MemoryBudget.EightBits;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/** Products of weights that a file stores in f8: one layer, and a whole transformer. */
final class F8Items {
  /** Tokens rounded to three mantissa bits differ by 3 %; bf16 adds little. */
  private static final double MOST = 0.04;

  private static final String BLOCK = "transformer_blocks.0";
  private static final BlockNames BLOCKS = BlockNames.of("transformer_blocks");

  private F8Items() {}

  static Item layer(ProofModels models, ProofLog log) {
    return new Item("a.f8", 60, () -> {
      if (supports(models, log, "a.f8.difference")) {
        multiply(models, log);
      }
    });
  }

  /** libtorch multiplies f8 on every CPU, so that a rehearsal has the same lines. */
  private static boolean supports(ProofModels models, ProofLog log, String name) {
    boolean able = models.isCpu() || Compute.of(models.device()).hasEightBitProducts();
    if (!able) {
      log.write(name, State.SKIPPED, Map.of("text", "needs compute capability 8.9"));
    }
    return able;
  }

  private static void multiply(ProofModels models, ProofLog log) throws IOException {
    Compute compute = Compute.of(models.device(), "bf16");
    long width = models.isTiny() ? 64 : 3072;
    Path file = Files.createTempFile("f8", ".safetensors");
    try (TensorScope scope = TensorScope.open();
        NoGradGuard guard = new NoGradGuard()) {
      Tensor stored =
          torch.randn(4 * width, width).mul(new Scalar(0.05)).to(ScalarType.Float8_e4m3fn);
      SafetensorsWriter.write(file, Map.of(BLOCK + ".weight", stored), Map.of());
      Tensor x = Tensors.place(compute, torch.randn(models.isTiny() ? 64 : 4608, width));
      Tensor[] made = new Tensor[3];
      for (WeightResidence kept :
          new WeightResidence[] {WeightResidence.RESIDENT, WeightResidence.F8_MATMUL}) {
        boolean inF8 = kept == WeightResidence.F8_MATMUL;
        try (LoadedWeights weights = new LoadedWeights(
            () -> Safetensors.open(file), compute, kept, BlockNames.NONE, LayerInputs.NONE)) {
          Linear layer = Linear.withoutBias(Weights.of(weights).at(BLOCK), width, 4 * width);
          made[inF8 ? 1 : 0] = layer.forward(x).to(ScalarType.Float);
          log.found(
              inF8 ? "a.f8.product" : "a.f8.widened",
              models.milliseconds(5, () -> layer.forward(x)),
              "ms");
        }
      }
      made[2] = streamed(file, compute, x);
      double apart = made[2].sub(made[1]).abs().max().item_double();
      log.found("a.f8.streamed.difference", apart, "of a streamed block to one in memory");
      double off = made[1].sub(made[0]).norm().item_double() / made[0].norm().item_double();
      log.found("a.f8.difference", off, "of 1");
      if (!(off > 0 && off < MOST && apart == 0)) {
        throw new IllegalStateException(String.format(
            Locale.ROOT, "the differences are %.4f and %.4f, wanted %.2f and 0", off, apart, MOST));
      }
    } finally {
      Files.deleteIfExists(file);
    }
  }

  /** The same product, of a weight that was copied to the device for this use. */
  private static Tensor streamed(Path file, Compute compute, Tensor x) {
    try (LoadedWeights weights = new LoadedWeights(
            () -> Safetensors.open(file),
            compute,
            WeightResidence.F8_STREAMED,
            BLOCKS,
            LayerInputs.NONE);
        Parameters.Block block = weights.block(BLOCK)) {
      block.load();
      Linear layer = Linear.withoutBias(Weights.of(block).at(BLOCK), x.size(-1), 4 * x.size(-1));
      Tensor made = layer.forward(x).to(ScalarType.Float);
      block.endUse();
      return made;
    }
  }

  /** The same shapes, with blocks that are copied in f8 in each step. */
  static Item streamed(ProofModels models, ProofLog log) {
    return new Item("c.flux.f8.streamed", 150, () -> {
      if (models.isCpu()) {
        log.write("c.flux.f8.streamed.step", State.SKIPPED, Map.of("text", "needs a GPU"));
      } else if (supports(models, log, "c.flux.f8.streamed.step")) {
        try (BaseModel base = BaseModel.open(
            ModelFiles.of(models.folders().resolve("shapes").resolve("flux-f8")),
            Compute.of(models.device(), "bf16"),
            MemoryBudget.of("10GiB").allow8Bit(EightBits.PRODUCTS))) {
          SpeedItems.streamed("c.flux.f8.streamed", 1, base, models, log);
        }
      }
    });
  }

  /** The shapes of FLUX.1 with its matrices in f8; to compare with {@code c.flux.bf16}. */
  static Item transformer(ProofModels models, ProofLog log) {
    return new Item("c.flux.f8", 150, () -> {
      if (models.isCpu()) {
        log.write("c.flux.f8.step", State.SKIPPED, Map.of("text", "needs a GPU"));
      } else if (supports(models, log, "c.flux.f8.step")) {
        try (BaseModel base = models.filled(BaseModel.open(
            ModelFiles.of(models.folders().resolve("shapes").resolve("flux-f8")),
            Compute.of(models.device(), "bf16"),
            MemoryBudget.unlimited().allow8Bit(EightBits.PRODUCTS)))) {
          SpeedItems.measure("c.flux.f8", "flux", base, models, log);
        }
      }
    });
  }
}
