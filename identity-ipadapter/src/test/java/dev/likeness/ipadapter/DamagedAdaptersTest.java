package dev.likeness.ipadapter;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.golden.GoldenFolder;
import dev.likeness.diffusion.internal.file.Safetensors;
import dev.likeness.diffusion.internal.file.SafetensorsWriter;
import dev.likeness.diffusion.internal.file.TensorSource;
import dev.likeness.diffusion.internal.natives.NoTensorLeaks;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.ipadapter.internal.registry.AdapterHeader;
import dev.likeness.ipadapter.reference.EmbeddingOrigin;
import dev.likeness.ipadapter.reference.ReferenceEmbeddings;
import dev.likeness.ipadapter.reference.ReferenceEmbeddings.Grid;
import dev.likeness.ipadapter.vision.GoldenImageEncoder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Adapters, encoders and embeddings with values that no image should be generated from. */
@ExtendWith(NoTensorLeaks.class)
class DamagedAdaptersTest {
  @TempDir
  private Path folder;

  private BaseModel base() {
    return GoldenFolder.load(
        GoldenFolder.write("base", GoldenFolder.KeyFormat.CURRENT, folder).path());
  }

  private static void spoil(Path file, String name, double value) {
    replace(file, name, copy -> {
      copy.view(-1).narrow(0, copy.numel() / 2, 1).fill_(new Scalar(value));
      return copy;
    });
  }

  private static void replace(Path file, String name, UnaryOperator<Tensor> change) {
    try (TensorScope scope = TensorScope.open();
        Safetensors source = Safetensors.open(file)) {
      Map<String, Tensor> tensors = new HashMap<>();
      for (String one : source.names()) {
        Tensor copy = source.read(one).clone();
        tensors.put(one, one.equals(name) ? change.apply(copy) : copy);
      }
      SafetensorsWriter.write(file, tensors, source.metadata());
    }
  }

  private static void assertNamed(Path file, String name, Runnable opening) {
    String message = assertThrows(InvalidInputException.class, opening::run).getMessage();
    assertTrue(
        message.startsWith(file + ": tensor \"" + name + "\" has values that are NaN or infinite;"),
        message);
  }

  @ParameterizedTest
  @ValueSource(doubles = {Double.NaN, Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY})
  void refusesAdaptersByTensor(double value) {
    GoldenAdapters golden = GoldenAdapters.of("base");
    try (BaseModel base = base();
        ImageEncoder encoder = ImageEncoder.open(
            GoldenImageEncoder.write(golden.encoder("base"), folder), Compute.EXACT)) {
      for (String name : List.of("image_proj.proj.weight", "ip_adapter.1.to_k_ip.weight")) {
        Path file = golden.write("base", folder);
        spoil(file, name, value);
        assertNamed(file, name, () -> IpAdapter.open(file, base, encoder).close());
      }
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"image_proj.proj.weight", "image_proj.norm.bias", "ip_adapter.1.to_k_ip.weight"})
  void refusesIntegersWithoutAScaleByTensor(String name) {
    GoldenAdapters golden = GoldenAdapters.of("base");
    try (BaseModel base = base();
        ImageEncoder encoder = ImageEncoder.open(
            GoldenImageEncoder.write(golden.encoder("base"), folder), Compute.EXACT)) {
      for (ScalarType type : List.of(ScalarType.Char, ScalarType.Byte, ScalarType.Int)) {
        Path file = golden.write("base", folder);
        replace(file, name, weight -> weight.mul(new Scalar(100)).to(type));
        String said = assertThrows(
                InvalidInputException.class,
                () -> IpAdapter.open(file, base, encoder).close())
            .getMessage();
        assertTrue(said.startsWith(file + ": ") && said.contains("\"" + name + "\""), said);
        assertTrue(said.contains(" without a scale"), said);
      }
    }
  }

  @Test
  void appliesTheScalesOfAnAdapter() {
    GoldenAdapters golden = GoldenAdapters.of("base");
    Path file = golden.write("base", folder);
    String name = "ip_adapter.1.to_k_ip.weight";
    try (TensorScope scope = TensorScope.open()) {
      Tensor whole;
      try (Safetensors source = Safetensors.open(file)) {
        whole = source.read(name).mul(new Scalar(100)).round().to(ScalarType.Char);
      }
      replace(file, name, weight -> whole);
      try (Safetensors source = Safetensors.open(file)) {
        Map<String, Tensor> tensors = new HashMap<>();
        source.names().forEach(one -> tensors.put(one, source.read(one).clone()));
        tensors.put(name + "_scale", torch.full(new long[] {1}, new Scalar(0.01)));
        SafetensorsWriter.write(file, tensors, source.metadata());
      }
      try (TensorSource source = AdapterHeader.open(file)) {
        assertTrue(torch.equal(
            whole.to(ScalarType.Float).mul(torch.full(new long[] {1}, new Scalar(0.01))),
            source.read(name)));
        assertFalse(source.names().contains(name + "_scale"));
      }
    }
  }

  @Test
  void refusesTheLoraOfAnAdapterByTensor() {
    GoldenAdapters golden = GoldenAdapters.of("base");
    Path file = golden.write("faceid", folder);
    String name = golden.shapes("faceid").keySet().stream()
        .filter(one -> one.contains("_lora."))
        .sorted()
        .findFirst()
        .orElseThrow();
    spoil(file, name, Double.NaN);
    try (BaseModel base = base()) {
      assertNamed(file, name, () -> IpAdapter.open(file, base).close());
    }
  }

  @Test
  void refusesEncodersByTensor() throws IOException {
    Path encoder = GoldenImageEncoder.write(GoldenAdapters.of("base").encoder("base"), folder);
    Path file;
    try (Stream<Path> files = Files.walk(encoder)) {
      file = files
          .filter(one -> one.toString().endsWith(".safetensors"))
          .findFirst()
          .orElseThrow();
    }
    String name;
    try (Safetensors source = Safetensors.open(file)) {
      name = source.names().stream()
          .filter(one -> one.endsWith("patch_embedding.weight"))
          .findFirst()
          .orElseThrow();
    }
    spoil(file, name, Double.NaN);
    String message = assertThrows(
            InvalidInputException.class,
            () -> ImageEncoder.open(encoder, Compute.EXACT).close())
        .getMessage();
    assertTrue(message.contains("patch_embedding.weight\" has values that are NaN"), message);
  }

  @Test
  void refusesEmbeddingsByTensor() {
    Path file = folder.resolve("ada.safetensors");
    Grid grid = new Grid(new float[] {1, 2, 3, 4}, 1, 2, 2);
    ReferenceEmbeddings good = new ReferenceEmbeddings(
        Optional.of(grid),
        Optional.of(grid),
        Optional.empty(),
        List.of(1.0),
        new EmbeddingOrigin("", "", ""));
    good.save(file);
    assertEquals(good, ReferenceEmbeddings.open(file));
    spoil(file, "image", Double.NaN);
    assertNamed(file, "image", () -> ReferenceEmbeddings.open(file));
  }
}
