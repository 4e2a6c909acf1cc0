package dev.likeness.ipadapter;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.golden.GoldenFolder;
import dev.likeness.diffusion.golden.PipelineFolder;
import dev.likeness.diffusion.internal.file.SafetensorsWriter;
import dev.likeness.diffusion.internal.natives.NoTensorLeaks;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.ipadapter.internal.registry.MethodRegistry;
import dev.likeness.ipadapter.vision.GoldenImageEncoder;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Files whose tensors are not shaped as an adapter's are. */
@ExtendWith(NoTensorLeaks.class)
class OddHeadersTest {
  private static final Map<String, UnaryOperator<Tensor>> ODD = Map.of(
      "a number",
      t -> t.flatten().select(0, 0),
      "a row",
      t -> t.dim() == 1 ? t.unsqueeze(0) : t.flatten(),
      "a dimension more",
      t -> t.unsqueeze(-1),
      "nothing",
      t -> t.narrow(0, 0, 0),
      "twice",
      t -> torch.cat(new TensorVector(t, t), 0),
      "missing",
      t -> null);

  @TempDir
  private Path folder;

  @ParameterizedTest
  @CsvSource({
    "base,base",
    "base,plus",
    "base,full-face",
    "base,faceid",
    "base,faceid-plus",
    "base,portrait",
    "base,portrait-unnorm",
    "flux/dev,xlabs",
    "flux/dev,instantx",
    "sd3/large,timed"
  })
  void reportsWrongShapesOfEachTensor(String name, String kind) {
    GoldenAdapters golden = GoldenAdapters.of(name);
    Path file = folder.resolve(kind + ".safetensors");
    try (BaseModel base = base(name);
        ImageEncoder encoder = ImageEncoder.open(
            GoldenImageEncoder.write(golden.encoder(kind), folder), Compute.EXACT)) {
      // One of each list tells for the others, and no header is told apart by a bias.
      for (String tensor : golden.shapes(kind).keySet().stream()
          .filter(each -> !each.matches("ip_adapter\\.[2-9].*|.*layers\\.[1-9].*|.*bias"))
          .toList()) {
        ODD.forEach((how, odd) -> {
          write(golden, kind, file, tensor, odd);
          IpAdapterFile opened = IpAdapterFile.of(file).version(IpAdapterFile.FaceIdPlusVersion.V1);
          String said = assertThrows(
                  InvalidInputException.class,
                  () -> IpAdapter.open(opened, base, encoder).close(),
                  tensor + " being " + how)
              .getMessage();
          assertTrue(
              said.contains(file.toString()) && !said.contains("\n"),
              tensor + " being " + how + ": " + said);
        });
      }
    }
  }

  @Test
  void reportsTheExpectedKeys() {
    GoldenAdapters golden = GoldenAdapters.of("base");
    Path file = folder.resolve("odd.safetensors");
    write(golden, "base", file, "image_proj.norm.weight", t -> t.unsqueeze(0));
    assertEquals(
        file
            + ": \"image_proj.norm.weight\" has shape [1, 32], expected 1 dimension of at least 1;"
            + " download the file again, or give an IP-Adapter's file",
        refusal(file));
    write(golden, "plus", file, "image_proj.proj_in.weight", t -> null);
    assertEquals(
        file + ": no tensor \"image_proj.proj_in.weight\"; download the file again", refusal(file));
    write(golden, "plus", file, "image_proj.layers.0.0.to_q.weight", t -> t.narrow(0, 0, 100));
    assertEquals(
        file
            + ": image_proj.layers.0.0.to_q.weight: a resampler needs tokens of width 1 or more,"
            + " and a query width that is 1 to 64 or a multiple of 64, got token width 96 and query"
            + " width 100",
        refusal(file));
    write(
        GoldenAdapters.of("sd3/large"),
        "timed",
        file,
        "image_proj.time_embedding.linear_1.weight",
        t -> t.narrow(1, 0, 31));
    assertEquals(
        file
            + ": image_proj.time_embedding.linear_1.weight has 31 columns, expected an even number "
            + "(sines and cosines); download the file again, or give an IP-Adapter's file",
        refusal(file));
  }

  @Test
  void tellsInstantIdFromPortraitByTheFileName() {
    Path file = folder.resolve("ip-adapter.safetensors");
    Path named = folder.resolve("Portrait.safetensors");
    for (Path each : List.of(file, named)) {
      write(
          GoldenAdapters.of("base"),
          "portrait-unnorm",
          each,
          "image_proj.proj_in.weight",
          t -> torch.zeros(t.size(0), 512));
    }
    assertEquals(MethodRegistry.INSTANT_ID, IpAdapterFile.of(file).layout().method());
    assertEquals(
        MethodRegistry.UNNORMALISED_FACE_ID_PORTRAIT,
        IpAdapterFile.of(named).layout().method());
  }

  private static String refusal(Path file) {
    return assertThrows(
            InvalidInputException.class, () -> IpAdapterFile.of(file).layout())
        .getMessage();
  }

  @Test
  void refusesTensorsThatNoLayerReads() {
    Path file = folder.resolve("more.safetensors");
    try (BaseModel base = base("base");
        ImageEncoder encoder =
            ImageEncoder.open(GoldenImageEncoder.write("clip-quick", folder), Compute.EXACT)) {
      for (String more : List.of(
          "image_proj.proj_extra.weight",
          "ip_adapter.1.to_k_ip.bias",
          "extra.weight",
          "ip_adapters.1.to_k_ip.weight",
          "scales.1")) {
        try (TensorScope scope = TensorScope.open()) {
          Map<String, Tensor> tensors = new HashMap<>(GoldenAdapters.of("base").tensors("base"));
          tensors.put(more, torch.zeros(2));
          SafetensorsWriter.write(file, tensors, Map.of());
        }
        String said = assertThrows(
                InvalidInputException.class, () -> IpAdapter.open(file, base, encoder))
            .getMessage();
        assertTrue(
            said.startsWith(file + " has tensors that belong to no module of its config (1, e.g. ")
                && said.contains(more),
            said);
      }
    }
  }

  private static void write(
      GoldenAdapters golden, String kind, Path file, String changed, UnaryOperator<Tensor> odd) {
    try (TensorScope scope = TensorScope.open()) {
      Map<String, Tensor> tensors = new HashMap<>(golden.tensors(kind));
      Tensor other = odd.apply(tensors.remove(changed));
      if (other != null) {
        tensors.put(changed, other.contiguous());
      }
      SafetensorsWriter.write(file, tensors, Map.of());
    }
  }

  private BaseModel base(String name) {
    return name.contains("/")
        ? BaseModel.open(PipelineFolder.write(name, folder).path(), Compute.EXACT)
        : GoldenFolder.load(
            GoldenFolder.write(name, GoldenFolder.KeyFormat.CURRENT, folder).path());
  }
}
