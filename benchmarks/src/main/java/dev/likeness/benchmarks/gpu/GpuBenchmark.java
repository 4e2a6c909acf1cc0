package dev.likeness.benchmarks.gpu;

import dev.likeness.benchmarks.RandomWeights;
import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.internal.access.EngineAccess;
import dev.likeness.diffusion.internal.adapter.Adaptation;
import dev.likeness.diffusion.internal.family.stablediffusion.StableDiffusionNetworks;
import dev.likeness.diffusion.internal.family.stablediffusion.UNet2DConditionModel;
import dev.likeness.diffusion.internal.family.stablediffusion.UNetConditioning;
import dev.likeness.diffusion.internal.nn.ScaledDotProduct;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.diffusion.internal.tensor.Tensors;
import dev.likeness.diffusion.request.ImageRequest;
import dev.likeness.diffusion.request.Run;
import dev.likeness.diffusion.tensor.Latents;
import dev.likeness.lora.Lora;
import dev.likeness.lora.LoraTrainer;
import dev.likeness.lora.training.LoraTargets;
import dev.likeness.lora.training.PersonToken;
import dev.likeness.lora.training.TrainingSettings;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * The hot path on a GPU, on published shapes with random weights: a guided step of the UNet,
 * decoding, the largest self-attention, a training step of a LoRA, and ten persons in one batch.
 * {@code tools/gpu/table.sh} makes the folders and runs this. Each figure includes the GPU's work.
 * {@code -p device=cpu -p size=tiny} tries it without a GPU.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Warmup(iterations = 2, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class GpuBenchmark {
  private static final int TRAINING_STEPS = 10;
  private static final int PERSONS = 10;
  private static final int RANK = 4;

  /** What {@code tools/gpu/folders.py} wrote. */
  @Param("")
  public String folders;

  /** {@code cuda}, {@code cuda:1} or {@code cpu}. */
  @Param("cuda")
  public String device;

  /** {@code full} or {@code tiny}. */
  @Param("full")
  public String size;

  @Param({"sd15", "sdxl"})
  public String family;

  @Param({"bf16", "f16"})
  public String dtype;

  private TensorScope scope;
  private NoGradGuard guard;
  private ProofModels models;
  private BaseModel base;
  private UNet2DConditionModel unet;
  private UNetConditioning conditioning;
  private Tensor sample;
  private Tensor time;
  private Tensor heads;
  private Latents latents;
  private RgbImage photo;
  private List<Lora> persons;

  @Setup(Level.Trial)
  public void open() {
    models = new ProofModels(Path.of(folders), device, size.equals("tiny"), null);
    base = models.random(family, dtype);
    scope = TensorScope.open();
    guard = new NoGradGuard();
    StableDiffusionNetworks networks =
        EngineAccess.model(base).networks(StableDiffusionNetworks.class);
    unet = networks.unet(Adaptation.NONE);
    int side = models.side(family);
    latents = base.noise(1, side, side);
    long rows = latents.height();
    sample = Tensors.toDevice(base.compute(), torch.randn(2, latents.channels(), rows, rows));
    time = Tensors.scalar(500, sample);
    int text = unet.config().levels().stream()
        .mapToInt(level -> level.contextWidth())
        .max()
        .orElseThrow();
    conditioning = conditioning(networks, text).withCache();
    // The largest self-attention of both families has a quarter of the pixels in SDXL.
    long tokens = family.equals("sdxl") ? rows * rows / 4 : rows * rows;
    heads = family.equals("sdxl") ? noise(2, 10, tokens, 64) : noise(2, 8, tokens, 40);
    byte[] pixels = new byte[side * side * 3];
    new Random(1).nextBytes(pixels);
    photo = RgbImage.of(side, side, pixels);
    persons = IntStream.range(0, PERSONS)
        .mapToObj(i -> RandomWeights.lora(base, RANK))
        .toList();
  }

  private UNetConditioning conditioning(StableDiffusionNetworks networks, int width) {
    if (networks.sizeIds() == 0) {
      return UNetConditioning.text(noise(2, 77, width));
    }
    int pooled = models.isTiny() ? 64 : 1280;
    return new UNetConditioning(
        noise(2, 77, width),
        noise(2, pooled),
        Tensors.toDevice(base.compute(), torch.ones(2, networks.sizeIds())));
  }

  private Tensor noise(long... shape) {
    return Tensors.place(base.compute(), torch.randn(shape));
  }

  @TearDown(Level.Trial)
  public void close() {
    persons.forEach(Lora::close);
    guard.close();
    scope.close();
    base.close();
  }

  /** A guided step: the network with a batch of two. */
  @Benchmark
  public long step() {
    try (TensorScope call = TensorScope.open()) {
      return awaited(unet.forward(sample, time, conditioning));
    }
  }

  @Benchmark
  public Object decode() {
    return base.decode(latents);
  }

  @Benchmark
  public long attention() {
    try (TensorScope call = TensorScope.open()) {
      return awaited(ScaledDotProduct.attend(heads, heads, heads));
    }
  }

  /** Ten training steps and what surrounds them: encoding the photo, and making the person. */
  @Benchmark
  @OperationsPerInvocation(TRAINING_STEPS)
  public String trainingStep() {
    TrainingSettings training = TrainingSettings.quick()
        .steps(TRAINING_STEPS)
        .rank(RANK)
        .batchSize(1)
        .targets(LoraTargets.ATTENTION)
        .trainTextEncoder(false);
    try (var person = new LoraTrainer(training)
        .train(base, List.of(photo), PersonToken.of("man"), Run.silent())) {
      return person.phrase();
    }
  }

  /** Four steps for each of ten persons. */
  @Benchmark
  public Object tenPersons() {
    ImageRequest request = models.request(family, 4);
    return base.generateAll(IntStream.range(0, PERSONS)
        .mapToObj(i -> request.adapter(persons.get(i).at(1)).seed(i))
        .toList());
  }

  private long awaited(Tensor made) {
    models.await();
    return made.numel();
  }
}
