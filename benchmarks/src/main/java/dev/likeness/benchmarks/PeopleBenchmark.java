package dev.likeness.benchmarks;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.request.ImageRequest;
import dev.likeness.diffusion.request.Run;
import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.lora.LoraPerson;
import dev.likeness.lora.LoraTrainer;
import dev.likeness.lora.training.PersonToken;
import dev.likeness.lora.training.TrainingSettings;
import dev.likeness.portrait.PortraitModel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
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
 * What do persons cost on {@code portrait}? An image of nobody is the baseline of one of a person,
 * ten images of one person that of ten persons' in one pass; what a step costs more with a person,
 * requests of few and many steps tell ({@code -p steps=2,10}); and a person's file is opened, ready
 * to draw, beside which it is but read.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Warmup(iterations = 1, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class PeopleBenchmark {
  private static final ImageRequest WOMAN =
      ImageRequest.of("studio portrait of a woman").guidance(4);

  @Param("20")
  public int steps;

  private ImageRequest request;
  private BaseModel base;
  private final List<LoraPerson> people = new ArrayList<>();
  private Path file;

  @Setup(Level.Trial)
  public void train() throws IOException {
    request = WOMAN.steps(steps);
    base = BaseModel.open(PortraitModel.files(), Compute.best());
    RgbImage photo =
        base.generate(ImageRequest.of("selfie of a woman").steps(4)).image();
    for (int i = 0; i < 10; i++) {
      people.add(new LoraTrainer(TrainingSettings.quick().steps(1).seed(i))
          .train(base, List.of(photo), PersonToken.of("woman"), Run.silent()));
    }
    file = Files.createTempFile("person", ".safetensors");
    people.get(0).save(file);
  }

  @TearDown(Level.Trial)
  public void close() throws IOException {
    people.forEach(LoraPerson::close);
    base.close();
    Files.delete(file);
  }

  @Benchmark
  public Object baselineWithoutPerson() {
    return base.generate(request);
  }

  @Benchmark
  public Object onePerson() {
    return base.generate(request.adapter(people.get(0).at(1)));
  }

  @Benchmark
  public Object baselineOnePersonTenImages() {
    return base.generateAll(List.of(request.adapter(people.get(0).at(1)).count(10)));
  }

  @Benchmark
  public Object tenPersons() {
    return base.generateAll(IntStream.range(0, 10)
        .mapToObj(i -> request.adapter(people.get(i).at(1)).seed(i))
        .toList());
  }

  @Benchmark
  public Object baselineOfSwap() throws IOException {
    return Files.readAllBytes(file);
  }

  /**
   * What a swap to a person costs who was not in memory: reading their file, and placing their
   * changes.
   */
  @Benchmark
  public Object swap() {
    try (LoraPerson person = LoraPerson.open(file, base)) {
      return person.at(1);
    }
  }
}
