package dev.likeness.benchmarks;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.request.ImageRequest;
import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.ipadapter.ImagePrompt;
import dev.likeness.ipadapter.IpAdapter;
import dev.likeness.ipadapter.reference.Reference;
import dev.likeness.portrait.PortraitModel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
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
 * What does a step cost with references shown to an adapter, on {@code portrait}? A request of two
 * steps and one of ten tell what is paid once and what each step pays; no reference is the
 * baseline. The adapter has random weights and looks at a face's numbers, five tokens a reference.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Warmup(iterations = 1, time = 1)
@Measurement(iterations = 3, time = 1)
@Fork(1)
public class ReferenceBenchmark {
  private static final ImageRequest REQUEST =
      ImageRequest.of("studio portrait of a woman").guidance(4);

  @Param({"0", "1", "5"})
  public int references;

  @Param({"2", "10"})
  public int steps;

  private BaseModel base;
  private IpAdapter adapter;
  private ImagePrompt prompt;
  private Path file;

  @Setup(Level.Trial)
  public void open() throws IOException {
    base = BaseModel.open(PortraitModel.files(), Compute.best());
    file = Files.createTempFile("adapter", ".safetensors");
    RandomWeights.faceAdapter(file, base);
    adapter = IpAdapter.open(file, base);
    if (references > 0) {
      prompt = adapter.prompt(
          IntStream.range(0, references).mapToObj(ReferenceBenchmark::reference).toList());
    }
  }

  @TearDown(Level.Trial)
  public void close() throws IOException {
    adapter.close();
    base.close();
    Files.delete(file);
  }

  @Benchmark
  public Object generate() {
    ImageRequest request = REQUEST.steps(steps);
    return base.generate(references == 0 ? request : request.adapter(prompt.at(0.8)));
  }

  private static Reference reference(int i) {
    float[] numbers = new float[RandomWeights.FACE_NUMBERS];
    numbers[i] = 1;
    return Reference.face(numbers);
  }
}
