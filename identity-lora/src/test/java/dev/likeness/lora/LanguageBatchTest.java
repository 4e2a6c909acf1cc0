package dev.likeness.lora;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.GeneratedImage;
import dev.likeness.diffusion.golden.PipelineFolder;
import dev.likeness.diffusion.internal.family.Predictor;
import dev.likeness.diffusion.internal.file.Safetensors;
import dev.likeness.diffusion.internal.file.SafetensorsWriter;
import dev.likeness.diffusion.internal.natives.NoTensorLeaks;
import dev.likeness.diffusion.internal.sampling.EngineHooks;
import dev.likeness.diffusion.internal.sampling.SamplingLoop.StepListener;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.diffusion.request.Adapter;
import dev.likeness.diffusion.request.GenerationHooks;
import dev.likeness.diffusion.request.ImageRequest;
import dev.likeness.diffusion.tensor.Compute;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.UnaryOperator;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Requests of several persons on bases with a language model, sampled in the same passes. */
@ExtendWith(NoTensorLeaks.class)
class LanguageBatchTest {
  @TempDir
  private Path folder;

  /** A base with two LoRAs, of which the second has other factors. */
  private record People(BaseModel base, Lora ada, Lora ben) implements AutoCloseable {
    static People of(String family, String variant, Path folder) {
      BaseModel base = BaseModel.open(PipelineFolder.write(variant, folder).path(), Compute.EXACT);
      Path file = GoldenLora.file("../qwen/" + family + "-diffusers");
      return new People(
          base, Lora.open(file, base), Lora.open(mirrored(file, folder.resolve("ben")), base));
    }

    @Override
    public void close() {
      ada.close();
      ben.close();
      base.close();
    }

    private static Path mirrored(Path file, Path folder) {
      Path other = folder.resolve("mirrored.safetensors");
      Map<String, Tensor> tensors = new HashMap<>();
      try (TensorScope scope = TensorScope.open();
          Safetensors saved = Safetensors.open(file)) {
        for (String name : saved.names()) {
          Tensor own = saved.read(name);
          tensors.put(name, own.dim() == 0 ? own : own.flip(own.dim() - 1).contiguous());
        }
        SafetensorsWriter.write(other, tensors, saved.metadata());
      }
      return other;
    }
  }

  private static ImageRequest request(String prompt, long seed, Adapter... adapters) {
    ImageRequest request =
        ImageRequest.of(prompt).steps(3).guidance(3).size(32, 16).seed(seed);
    for (Adapter adapter : adapters) {
      request = request.adapter(adapter);
    }
    return request;
  }

  private static List<ImageRequest> several(People people) {
    LoraWeight early = LoraWeight.of(1).overSteps(p -> 1 - p);
    return List.of(
        request("a photo of an old woman", 1, people.ada.at(1)),
        request("a man", 2, people.ben.at(0.7)),
        request("a photo of an old woman", 3),
        request("a girl with bangs who sits in a garden and reads", 4, people.ada.at(0.4))
            .count(2),
        request("a boy", 5, people.ada.at(0.4), people.ben.at(1)),
        request("a man", 6, people.ada.at(early)),
        request("nobody", 7, people.ben.at(1)).steps(2));
  }

  @ParameterizedTest
  @CsvSource({
    "klein, klein/base, 3, false",
    "klein, klein/base, 1, false",
    "zimage, zimage/turbo, 3, false",
    "zimage, zimage/turbo, 3, true"
  })
  void generatesEachAsAlone(String family, String variant, double guidance, boolean sequentially) {
    try (People people = People.of(family, variant, folder)) {
      PersonsInOneBatchTest.compareWithAlone(
          people.base,
          several(people).stream()
              .map(one -> one.guidance(guidance))
              .map(one -> sequentially ? one.guidance(one.guidanceOptions().sequentially()) : one)
              .toList());
    }
  }

  @ParameterizedTest
  @CsvSource({"klein, klein/base", "zimage, zimage/turbo"})
  void evaluatesTheBaseOnceForAllPersons(String family, String variant) {
    AtomicInteger passes = new AtomicInteger();
    UnaryOperator<Predictor> counted = network -> (input, step) -> {
      passes.incrementAndGet();
      return network.predict(input, step);
    };
    GenerationHooks hooks = EngineHooks.hooks(counted, StepListener.NONE);
    try (People people = People.of(family, variant, folder)) {
      List<ImageRequest> three = List.of(
              request("a man", 1, people.ada.at(1)),
              request("a woman", 2, people.ben.at(1)),
              request("a woman", 3))
          .stream()
          .map(one -> one.hooks(hooks))
          .toList();
      people.base.generate(three.get(0));
      int rows = passes.getAndSet(0);
      assertTrue(rows > 0);
      List<GeneratedImage> together = people.base.generateAll(three);
      assertEquals(rows, passes.get());
      assertTrue(
          distance(together.get(0), people.base.generate(three.get(0).adapters(List.of()))) > 1e-2,
          "the LoRA counts");
    }
  }

  private static double distance(GeneratedImage a, GeneratedImage b) {
    float[] one = a.latents().values();
    float[] other = b.latents().values();
    double most = 0;
    for (int i = 0; i < one.length; i++) {
      most = Math.max(most, Math.abs(one[i] - other[i]));
    }
    return most;
  }
}
