package dev.likeness.benchmarks;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.ModelFiles;
import dev.likeness.diffusion.internal.access.EngineAccess;
import dev.likeness.diffusion.internal.adapter.Adaptation;
import dev.likeness.diffusion.internal.adapter.ModelAdapter;
import dev.likeness.diffusion.internal.adapter.ModelComponent;
import dev.likeness.diffusion.internal.family.stablediffusion.StableDiffusionNetworks;
import dev.likeness.diffusion.internal.family.stablediffusion.UNet2DConditionModel;
import dev.likeness.diffusion.internal.family.stablediffusion.UNetConditioning;
import dev.likeness.diffusion.internal.nn.unet.UNetOptions;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.diffusion.internal.tensor.Tensors;
import dev.likeness.diffusion.internal.text.ClipTextEncoder;
import dev.likeness.diffusion.internal.vae.Autoencoder;
import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.diffusion.tensor.MemoryBudget;
import dev.likeness.diffusion.tensor.MemoryBudget.EightBits;
import dev.likeness.lora.Lora;
import dev.likeness.portrait.PortraitModel;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * What do the parts of an image cost on a base of any size: a guided step of the UNet (batch of
 * two), two prompts, an image in and out of the autoencoder? The folder is given with {@code -p
 * base=FOLDER}, else it is {@code portrait}; {@code tools/real_size/folders.py} makes such with
 * random weights. The baseline is diffusers on the same machine in the same hour,
 * {@code tools/real_size/steps.sh}; that of a step with a LoRA, {@code -p rank=4}, or with tokens
 * merged, {@code -p merged=0.5}, or with products in eight bits, {@code -p eightBits=true}, is the
 * one without; that of keys and values of the text made once is {@code -p kept=false}, that of a
 * step after an image of another size, {@code -p before=512}, the one without, that of a guided
 * step in one pass two of {@code -p rows=1}.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Warmup(iterations = 1, time = 1)
@Measurement(iterations = 3, time = 1)
@Fork(1)
public class NetworkBenchmark {
  /** A diffusers folder of Stable Diffusion 1.x, 2.x or XL; empty for {@code portrait}. */
  @Param("")
  public String base;

  @Param({"bf16", "f32"})
  public String dtype;

  /** Sides of the image in pixels. */
  @Param("512")
  public int side;

  /** Whether layers multiply in eight bits. */
  @Param("false")
  public boolean eightBits;

  private TensorScope scope;
  private NoGradGuard guard;
  private BaseModel opened;
  private StableDiffusionNetworks model;

  @Setup(Level.Trial)
  public void open() {
    scope = TensorScope.open();
    guard = new NoGradGuard();
    ModelFiles files = ModelFiles.of(base.isEmpty() ? PortraitModel.files() : Path.of(base));
    Compute compute = Compute.of("cpu", dtype);
    opened = eightBits
        ? BaseModel.open(files, compute, MemoryBudget.unlimited().allow8Bit(EightBits.PRODUCTS))
        : BaseModel.open(files, compute);
    model = EngineAccess.model(opened).networks(StableDiffusionNetworks.class);
  }

  @TearDown(Level.Trial)
  public void close() {
    opened.close();
    guard.close();
    scope.close();
  }

  /**
   * A UNet and its conditioning; as in a generation, keys and values of the text are computed once.
   */
  @State(Scope.Thread)
  public static class Step {
    /** Of a LoRA on every attention; 0 for none. */
    @Param("0")
    public int rank;

    /** The share of the tokens that self-attention merges. */
    @Param("0")
    public double tokenMergingRatio;

    /** Whether they are. */
    @Param("true")
    public boolean kept;

    /** Rows of a batch: two are a guided step. */
    @Param("2")
    public int rows;

    /** Sides of an image generated before, for which weights were packed first; 0 for none. */
    @Param("0")
    public int before;

    private Lora lora;
    UNet2DConditionModel unet;
    Tensor latents;
    Tensor time;
    UNetConditioning conditioning;

    @Setup(Level.Trial)
    public void build(NetworkBenchmark b) {
      unet = b.model.unet(adaptation(b), new UNetOptions(tokenMergingRatio, null));
      latents = torch.randn(rows, unet.config().inChannels(), b.side / 8, b.side / 8);
      time = torch.tensor(new float[] {500});
      Tensor text = b.placed(torch.randn(rows, 77, unet.config().levels().get(1).contextWidth()));
      UNetConditioning said = b.model.sizeIds() == 0
          ? UNetConditioning.text(text)
          : new UNetConditioning(
              text, b.placed(torch.randn(rows, 1280)), torch.ones(rows, b.model.sizeIds()));
      conditioning = kept ? said.withCache() : said;
      if (before > 0) {
        unet.forward(
            torch.randn(rows, unet.config().inChannels(), before / 8, before / 8),
            time,
            conditioning);
      }
    }

    private Adaptation adaptation(NetworkBenchmark b) {
      if (rank == 0) {
        return Adaptation.NONE;
      }
      lora = RandomWeights.lora(b.opened, rank);
      return ModelAdapter.of(lora.at(1)).adapt(ModelComponent.UNET, b.model.compute());
    }

    @TearDown(Level.Trial)
    public void close() {
      if (lora != null) {
        lora.close();
      }
    }
  }

  @Benchmark
  public long step(Step s) {
    try (TensorScope call = TensorScope.open()) {
      return s.unet.forward(s.latents, s.time, s.conditioning).numel();
    }
  }

  /** An autoencoder with something to decode and to encode. */
  @State(Scope.Thread)
  public static class Images {
    Autoencoder autoencoder;
    Tensor latents;
    Tensor image;

    @Setup(Level.Trial)
    public void build(NetworkBenchmark b) {
      autoencoder = b.model.autoencoder();
      latents = b.placed(torch.randn(1, b.model.unetConfig().inChannels(), b.side / 8, b.side / 8));
      image = b.placed(torch.randn(1, 3, b.side, b.side));
    }
  }

  @Benchmark
  public long decode(Images p) {
    try (TensorScope call = TensorScope.open()) {
      return p.autoencoder.decode(p.latents).numel();
    }
  }

  @Benchmark
  public long encode(Images p) {
    try (TensorScope call = TensorScope.open()) {
      return p.autoencoder.encode(p.image).mode().numel();
    }
  }

  /** A text encoder with two prompts. */
  @State(Scope.Thread)
  public static class Prompts {
    ClipTextEncoder encoder;
    Tensor ids;

    @Setup(Level.Trial)
    public void build(NetworkBenchmark b) {
      encoder = b.model.textEncoder(Adaptation.NONE);
      ids = torch.ones(2, 77).to(torch.ScalarType.Long);
    }
  }

  @Benchmark
  public long prompts(Prompts p) {
    try (TensorScope call = TensorScope.open()) {
      return p.encoder.forward(p.ids, 0).tokens().numel();
    }
  }

  private Tensor placed(Tensor tensor) {
    return Tensors.place(model.compute(), tensor);
  }
}
