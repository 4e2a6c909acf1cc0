package dev.likeness.diffusion.golden;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.jr.ob.JSON;
import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.ModelFiles;
import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.internal.file.Safetensors;
import dev.likeness.diffusion.internal.file.gguf.Gguf;
import dev.likeness.diffusion.internal.file.gguf.GgufHeader;
import dev.likeness.diffusion.internal.natives.NoTensorLeaks;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.diffusion.material.Material;
import dev.likeness.diffusion.request.ImageRequest;
import dev.likeness.diffusion.tensor.Compute;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@ExtendWith(NoTensorLeaks.class)
class GgufTest {
  @TempDir
  private Path folder;

  @Test
  void dequantisesEveryTypeToTheBit() throws IOException {
    try (TensorScope scope = TensorScope.open();
        Gguf gguf = Gguf.open(copied("types.gguf"));
        Safetensors expected = Safetensors.open(copied("expected.safetensors"))) {
      assertEquals(expected.names(), gguf.names());
      for (String name : expected.names()) {
        assertTrue(torch.equal(expected.read(name), gguf.read(name).to(ScalarType.Float)), name);
      }
      assertEquals("every type", gguf.header().values().get("general.name"));
    }
  }

  @Test
  void generatesAsTheReferenceWithTheSameQuantisedTransformer() throws IOException {
    PipelineFolder base = PipelineFolder.write("flux/dev", folder);
    Map<?, ?> run = (Map<?, ?>)
        JSON.std.mapFrom(Files.readAllBytes(copied("flux-dev-q8_0.json"))).get("run");
    ModelFiles files = ModelFiles.of(base.path()).with("transformer", copied("flux-dev-q8_0.gguf"));
    ImageRequest request = ImageRequest.of((String) run.get("prompt"))
        .steps((Integer) run.get("steps"))
        .guidance(((Number) run.get("guidance")).doubleValue())
        .size((Integer) run.get("width"), (Integer) run.get("height"))
        .seed(((Number) ((List<?>) run.get("seeds")).get(0)).longValue());
    try (TensorScope scope = TensorScope.open();
        BaseModel model = BaseModel.open(files, Compute.EXACT);
        Safetensors expected = Safetensors.open(copied("flux-dev-q8_0.safetensors"))) {
      Tensor image = expected.read("images").select(0, 0);
      Closeness.assertImage(1e-3, image, model.generate(request), "flux-dev in Q8_0");
    }
  }

  @Test
  void readsAPublishedFile() {
    try (TensorScope scope = TensorScope.open();
        Gguf gguf = Gguf.open(Material.of("autoencoders/taesd-decoder.gguf"))) {
      for (String name : gguf.names()) {
        assertTrue(gguf.read(name).to(ScalarType.Float).isfinite().all().item_bool(), name);
      }
      assertTrue(gguf.names().size() > 50);
    }
  }

  @Test
  void endsDamagedFilesInOneLine() throws IOException {
    byte[] whole = Files.readAllBytes(copied("types.gguf"));
    Path damaged = folder.resolve("damaged.gguf");
    Random random = new Random(3);
    for (int i = 0; i < 600; i++) {
      byte[] bytes = i % 3 == 0 ? Arrays.copyOf(whole, random.nextInt(3000)) : whole.clone();
      for (int j = 0; j < random.nextInt(5) && bytes.length > 0; j++) {
        bytes[random.nextInt(Math.min(bytes.length, 1500))] = (byte) random.nextInt(256);
      }
      Files.write(damaged, bytes);
      try {
        GgufHeader header = GgufHeader.read(damaged);
        header.names().forEach(header::shape);
      } catch (InvalidInputException e) {
        assertEquals(1, e.getMessage().lines().count());
      }
    }
  }

  @ParameterizedTest
  @CsvSource({
    "10, Q2_K",
    "11, Q3_K",
    "16, IQ2_XXS",
    "20, IQ4_NL",
    "23, IQ4_XS",
    "35, TQ2_0",
    "39, MXFP4",
    "99, number 99"
  })
  void namesTheTypeThatItDoesNotRead(int code, String name) throws IOException {
    ByteBuffer file = ByteBuffer.allocate(128).order(ByteOrder.LITTLE_ENDIAN);
    file.put("GGUF".getBytes(StandardCharsets.UTF_8)).putInt(3).putLong(1).putLong(0);
    file.putLong(6).put("weight".getBytes(StandardCharsets.UTF_8)).putInt(1).putLong(32);
    file.putInt(code).putLong(0);
    Path written = Files.write(folder.resolve("model.gguf"), file.array());
    assertEquals(
        written + ": tensor \"weight\" has the GGML type " + name + ", which is not supported;"
            + " supported are F32, F16, Q4_0, Q4_1, Q5_0, Q5_1, Q8_0, Q4_K, Q5_K, Q6_K, I8, I16, I32,"
            + " I64, F64, BF16; give the model in one of these",
        assertThrows(InvalidInputException.class, () -> Gguf.open(written)).getMessage());
  }

  @Test
  void refusesAFileOfAnotherVersionByName() throws IOException {
    byte[] bytes = Files.readAllBytes(copied("types.gguf"));
    bytes[4] = 1;
    Path old = folder.resolve("old.gguf");
    Files.write(old, bytes);
    assertEquals(
        old + " is GGUF of version 1; supported are 2 and 3: convert the model again",
        assertThrows(InvalidInputException.class, () -> GgufHeader.read(old)).getMessage());
  }

  private Path copied(String name) {
    Path file = folder.resolve(name);
    if (!Files.exists(file)) {
      GoldenResource.copy("/golden/gguf/" + name, file);
    }
    return file;
  }
}
