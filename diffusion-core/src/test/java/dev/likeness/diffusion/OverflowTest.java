package dev.likeness.diffusion;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.checkpoint.CheckpointConverter;
import dev.likeness.diffusion.error.CancelledException;
import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.error.ResourceLimitException;
import dev.likeness.diffusion.golden.GoldenFolder;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.internal.access.EngineAccess;
import dev.likeness.diffusion.internal.family.stablediffusion.StableDiffusionNetworks;
import dev.likeness.diffusion.internal.file.Safetensors;
import dev.likeness.diffusion.internal.file.SafetensorsWriter;
import dev.likeness.diffusion.internal.natives.NoTensorLeaks;
import dev.likeness.diffusion.internal.sampling.EngineHooks;
import dev.likeness.diffusion.internal.sampling.SamplingLoop.StepListener;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.diffusion.request.Cancellation;
import dev.likeness.diffusion.request.GenerationHooks;
import dev.likeness.diffusion.request.ImageRequest;
import dev.likeness.diffusion.request.ProgressEvent;
import dev.likeness.diffusion.request.Run;
import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.diffusion.tensor.DType;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@ExtendWith(NoTensorLeaks.class)
class OverflowTest {
  /** A number of f32 that bf16 takes for infinity. */
  private static final double BEYOND_BF16 = 3.4e38;

  private static final Compute BF16 = new Compute("cpu", DType.BF16);
  private static final ImageRequest REQUEST =
      ImageRequest.of("a cat").steps(2).size(32, 24).seed(4);

  @TempDir
  private Path scratch;

  @Test
  void reportsMissingMemoryByTypeAndStaysUsable() {
    Path folder =
        GoldenFolder.write("base", GoldenFolder.KeyFormat.CURRENT, scratch).path();
    try (BaseModel base = BaseModel.open(folder, Compute.EXACT)) {
      float[] before = base.generate(REQUEST).pixels();
      GenerationHooks hooks =
          EngineHooks.hooks(network -> (sample, step) -> torch.empty(1L << 48), StepListener.NONE);
      assertEquals(
          "the device is out of memory (1125899906842624 bytes more were needed); use smaller"
              + " images, fewer images at once, bf16, or a memory budget",
          assertThrows(ResourceLimitException.class, () -> base.generate(REQUEST.hooks(hooks)))
              .getMessage());
      assertArrayEquals(before, base.generate(REQUEST).pixels());
    }
  }

  @Test
  void decodesAgainInF32AfterOverflowAndReportsIt() throws IOException {
    Path folder = deadChannel("decoder.conv_norm_out", "decoder.conv_out");
    try (BaseModel half = BaseModel.open(folder, BF16);
        BaseModel exact = BaseModel.open(folder, Compute.EXACT)) {
      List<String> notices = new ArrayList<>();
      GeneratedImage image = generate(half, REQUEST, notices);
      assertEquals(
          List.of(
              "the decoded image had values that were not finite, so it was decoded again in f32"),
          notices);
      PreviewDecoderTest.assertAlike(exact.decode(image.latents()), image.image());
      assertEquals(exact.decode(image.latents()), half.decode(image.latents()));
      EngineAccess.model(half).networks(StableDiffusionNetworks.class).release("vae");
      assertEquals(exact.decode(image.latents()), half.decode(image.latents()));
    }
  }

  @Test
  void encodesAgainInF32AfterOverflowAndReportsIt() throws IOException {
    Path folder = deadChannel("encoder.conv_norm_out", "encoder.conv_out");
    try (BaseModel half = BaseModel.open(folder, BF16);
        BaseModel exact = BaseModel.open(folder, Compute.EXACT)) {
      List<String> notices = new ArrayList<>();
      RgbImage image = generate(half, REQUEST, notices).image();
      assertEquals(List.of(), notices);
      generate(half, REQUEST.initialImage(image, 0.6), notices);
      assertEquals(
          List.of(
              "the encoded latents had values that were not finite, so the image was encoded again"
                  + " in f32"),
          notices);
      assertEquals(exact.encode(image), half.encode(image));
    }
  }

  @Test
  void reportsInfiniteLatentsAndReturnsTheOtherImages() {
    GenerationHooks broken = EngineHooks.hooks(
        network -> (input, step) -> {
          Tensor answer = network.predict(input, step);
          answer.select(0, 1).fill_(new Scalar(Double.POSITIVE_INFINITY));
          return answer;
        },
        StepListener.NONE);
    try (BaseModel base = BaseModel.open(folder(), Compute.EXACT)) {
      List<Long> shown = new ArrayList<>();
      assertEquals(
          "sampling the image of seed 5 in F32 gave values that are not finite; change steps, guidance,"
              + " scheduler or the strength of adapters",
          assertThrows(
                  InvalidInputException.class,
                  () -> base.generateEach(
                      List.of(REQUEST.count(3).hooks(broken)),
                      image -> shown.add(image.seed()),
                      Run.of(event -> {})))
              .getMessage());
      assertEquals(List.of(4L, 6L), shown);
    }
  }

  @Test
  void generatesNoMoreOnceItIsCancelled() {
    try (BaseModel base = BaseModel.open(folder(), Compute.EXACT)) {
      for (int last : new int[] {4, 7}) {
        Cancellation stop = new Cancellation();
        List<ProgressEvent> after = new ArrayList<>();
        assertThrows(
            CancelledException.class,
            () -> base.generateEach(
                List.of(REQUEST.count(5)),
                image -> {
                  if (image.seed() == last) {
                    stop.cancel();
                    after.clear();
                  }
                },
                new Run(after::add, stop)));
        assertEquals("Cancelled[]", after.get(0).toString());
      }
    }
  }

  @Test
  void refusesAnAutoencoderThatIsNotFiniteInF32() throws IOException {
    Path folder = folder();
    edit(
        folder.resolve("vae/diffusion_pytorch_model.safetensors"),
        tensors -> tensors.get("decoder.conv_out.weight").fill_(new Scalar(3e38)));
    for (Compute compute : List.of(BF16, Compute.EXACT)) {
      try (BaseModel base = BaseModel.open(folder, compute)) {
        assertTrue(assertThrows(InvalidInputException.class, () -> base.generate(REQUEST))
            .getMessage()
            .startsWith("the decoded image has values that are not finite, even in f32;"));
      }
    }
  }

  @ParameterizedTest
  @CsvSource({
    "unet/diffusion_pytorch_model.safetensors, mid_block.resnets.0.conv1.weight, NaN",
    "unet/diffusion_pytorch_model.safetensors, conv_in.bias, Infinity",
    "vae/diffusion_pytorch_model.safetensors, decoder.conv_in.weight, -Infinity",
    "text_encoder/model.safetensors, embeddings.token_embedding.weight, NaN"
  })
  void refusesWeightsThatAreNoNumbersByFileAndTensor(String name, String tensor, double value)
      throws IOException {
    Path folder = folder();
    Path file = folder.resolve(name);
    edit(file, tensors -> tensors.get(tensor).view(-1).select(0, 1).fill_(new Scalar(value)));
    for (Compute compute : List.of(BF16, Compute.EXACT)) {
      try (BaseModel base = BaseModel.open(folder, compute)) {
        assertNames(file, tensor, () -> base.generate(REQUEST));
        assertNames(file, tensor, () -> base.offloading().generate(REQUEST));
      }
    }
    Path out = scratch.resolve("out.safetensors");
    assertNames(file, tensor, () -> CheckpointConverter.convert(folder, out));
    assertNames(file, tensor, () -> CheckpointConverter.convert(file, out, DType.BF16));
    assertNames(
        file, tensor, () -> CheckpointConverter.convert(folder, scratch.resolve("out"), DType.F16));
    assertFalse(Files.exists(out));
  }

  @Test
  void convertsNoValuesToInfinity() throws IOException {
    Path file = folder().resolve("vae/diffusion_pytorch_model.safetensors");
    edit(file, tensors -> tensors.get("decoder.conv_in.bias").fill_(new Scalar(1e5)));
    Path out = scratch.resolve("out.safetensors");
    assertEquals(
        file + ": tensor \"decoder.conv_in.bias\" has values that are too large for F16; convert it"
            + " to bf16 or f32",
        assertThrows(
                InvalidInputException.class,
                () -> CheckpointConverter.convert(file, out, DType.F16))
            .getMessage());
    CheckpointConverter.convert(file, out, DType.BF16);
  }

  private static void assertNames(Path file, String tensor, Executable work) {
    String message = assertThrows(InvalidInputException.class, work).getMessage();
    assertTrue(message.startsWith(file + ": tensor \""), message);
    assertTrue(message.contains(tensor + "\" has values that are NaN or infinite;"), message);
  }

  private static GeneratedImage generate(
      BaseModel base, ImageRequest request, List<String> notices) {
    return base.generateAll(request, Run.of(event -> {
          if (event instanceof ProgressEvent.Notice notice) {
            notices.add(notice.message());
          }
        }))
        .get(0);
  }

  /** A channel that is always zero, times a weight that is infinite in bf16 alone. */
  private Path deadChannel(String norm, String convolution) throws IOException {
    Path folder = folder();
    edit(folder.resolve("vae/diffusion_pytorch_model.safetensors"), tensors -> {
      tensors.get(norm + ".weight").select(0, 0).fill_(new Scalar(0.0));
      tensors.get(norm + ".bias").select(0, 0).fill_(new Scalar(0.0));
      tensors.get(convolution + ".weight").select(1, 0).fill_(new Scalar(BEYOND_BF16));
    });
    return folder;
  }

  private Path folder() {
    return GoldenFolder.write("base", GoldenFolder.KeyFormat.CURRENT, scratch).path();
  }

  private interface WeightEdit {
    void to(Map<String, Tensor> tensors);
  }

  private static void edit(Path file, WeightEdit change) throws IOException {
    try (TensorScope scope = TensorScope.open()) {
      Map<String, Tensor> tensors = new HashMap<>();
      try (Safetensors source = Safetensors.open(file)) {
        source.names().forEach(name -> tensors.put(name, source.read(name).clone()));
      }
      change.to(tensors);
      Files.delete(file);
      SafetensorsWriter.write(file, tensors, Map.of());
    }
    assertTrue(Files.size(file) > 0);
  }
}
