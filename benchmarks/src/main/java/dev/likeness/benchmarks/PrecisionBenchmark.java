package dev.likeness.benchmarks;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.request.ImageRequest;
import dev.likeness.diffusion.request.Run;
import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.diffusion.tensor.DType;
import dev.likeness.lora.LoraPerson;
import dev.likeness.lora.LoraTrainer;
import dev.likeness.lora.training.PersonToken;
import dev.likeness.lora.training.TrainingSettings;
import dev.likeness.portrait.PortraitModel;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
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
 * Which type is the faster one here? An image of {@code portrait} at 20 steps, and a step of
 * learning a person on it, in f32 (the baseline) and in bf16.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Warmup(iterations = 1)
@Measurement(iterations = 3)
@Fork(1)
public class PrecisionBenchmark {
  private static final int TRAINING_STEPS = 10;

  @Param({"f32", "bf16"})
  public String dtype;

  private BaseModel base;
  private List<RgbImage> photos;

  /** Opens the model and generates four training images. */
  @Setup(Level.Trial)
  public void open() {
    base = BaseModel.open(
        PortraitModel.files(), new Compute("cpu", DType.valueOf(dtype.toUpperCase(Locale.ROOT))));
    photos = new ArrayList<>();
    base.generateAll(ImageRequest.of("selfie of a man").steps(4).count(4), Run.silent())
        .forEach(image -> photos.add(image.image()));
  }

  @TearDown(Level.Trial)
  public void close() {
    base.close();
  }

  @Benchmark
  public RgbImage generate() {
    return base.generate(
            ImageRequest.of("studio portrait of an old woman with red hair and glasses")
                .steps(20))
        .image();
  }

  /** Ten steps and what surrounds them: encoding the photos, and making the person. */
  @Benchmark
  @OperationsPerInvocation(TRAINING_STEPS)
  public String trainingStep() {
    TrainingSettings training = TrainingSettings.balanced().forBase(base).steps(TRAINING_STEPS);
    try (LoraPerson person =
        new LoraTrainer(training).train(base, photos, PersonToken.of("man"), Run.silent())) {
      return person.phrase();
    }
  }
}
