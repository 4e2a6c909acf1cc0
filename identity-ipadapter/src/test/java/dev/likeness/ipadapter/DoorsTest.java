package dev.likeness.ipadapter;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.golden.GoldenFolder;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.internal.file.SafetensorsWriter;
import dev.likeness.diffusion.internal.natives.NoTensorLeaks;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.diffusion.request.ImageRequest;
import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.ipadapter.internal.file.AdapterSites;
import dev.likeness.ipadapter.internal.file.FaceIdLoraFile;
import dev.likeness.ipadapter.internal.file.IpAdapterVariant;
import dev.likeness.ipadapter.reference.Reference;
import dev.likeness.ipadapter.vision.GoldenTower;
import dev.likeness.photos.embed.UsePolicy;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@ExtendWith(NoTensorLeaks.class)
class DoorsTest {
  private static final GoldenAdapters ADAPTERS = GoldenAdapters.of("base");
  private static BaseModel base;
  private static ImageEncoder encoder;
  private static ImageEncoder other;

  @BeforeAll
  static void opensTheBase(@TempDir Path parent) {
    base = GoldenFolder.load(
        GoldenFolder.write("base", GoldenFolder.KeyFormat.CURRENT, parent).path());
    encoder = ImageEncoder.open(GoldenTower.write("clip-quick", parent), Compute.EXACT);
    other = ImageEncoder.open(GoldenTower.write("clip-gelu", parent), Compute.EXACT);
  }

  @AfterAll
  static void closesTheBase() {
    encoder.close();
    other.close();
    base.close();
  }

  @Test
  void opensAPickledFileAsItOpensSafetensors(@TempDir Path folder) {
    assertArrayEquals(
        drawn(IpAdapterFile.of(ADAPTERS.write("base", folder))),
        drawn(IpAdapterFile.of(GoldenAdapters.file("base.bin"))));
  }

  @ParameterizedTest
  @ValueSource(strings = {"base", "plus", "full-face", "faceid", "faceid-plus", "portrait"})
  void readsDiffusersSpellingToo(String kind, @TempDir Path folder) {
    IpAdapterFile published =
        IpAdapterFile.of(ADAPTERS.write(kind, folder)).version(IpAdapterFile.FaceIdPlusVersion.V2);
    Path file = folder.resolve("diffusers.safetensors");
    try (TensorScope scope = TensorScope.open()) {
      SafetensorsWriter.write(file, DiffusersSpelling.of(ADAPTERS.tensors(kind), base), Map.of());
    }
    IpAdapterFile spelled = IpAdapterFile.of(file).version(IpAdapterFile.FaceIdPlusVersion.V2);
    assertEquals(published.layout(), spelled.layout());
    assertArrayEquals(drawn(published), drawn(spelled));
  }

  @Test
  void readsTrainingScriptsSpelling(@TempDir Path folder) {
    Path file = ADAPTERS.write(
        "base",
        folder.resolve("step.safetensors"),
        name -> name.replace("image_proj.", "image_proj_model.")
            .replace("ip_adapter.", "adapter_modules."));
    assertArrayEquals(
        drawn(IpAdapterFile.of(ADAPTERS.write("base", folder))), drawn(IpAdapterFile.of(file)));
  }

  @Test
  void findsFaceIdsLoraBesideItsFile(@TempDir Path folder) {
    float[] inside = drawn(IpAdapterFile.of(ADAPTERS.write("faceid", folder)));
    Path bare = ADAPTERS.write(
        "faceid",
        folder.resolve("bare.safetensors"),
        name -> name.contains("_lora.") ? null : name);
    assertEquals(
        bare + " was trained together with a LoRA that is neither inside it nor beside it as "
            + "bare_lora.safetensors; put it there under that name (programs also name it or leave it out: IpAdapterFile.lora, without)",
        refusal(IpAdapterFile.of(bare), encoder));
    try (IpAdapter without = IpAdapter.open(IpAdapterFile.of(bare).without(), base, encoder)) {
      assertEquals(4, without.layout().tokens());
    }
    ADAPTERS.write(
        "faceid",
        folder.resolve("bare_lora.safetensors"),
        name -> name.contains("_lora.") ? name.replace("ip_adapter.", "") : null);
    assertArrayEquals(inside, drawn(IpAdapterFile.of(bare)));
  }

  @Test
  void leavesOutOrReplacesALoraInsideTheFile(@TempDir Path folder) {
    Path file = ADAPTERS.write("faceid", folder);
    float[] bare = drawn(IpAdapterFile.of(file).without());
    assertArrayEquals(bare, drawn(IpAdapterFile.of(file), 0));
    Path half = kohya(folder.resolve("half.safetensors"), 0.5);
    assertArrayEquals(
        drawn(IpAdapterFile.of(file), 0.5), drawn(IpAdapterFile.of(file).lora(half)), 1e-6f);
    assertArrayEquals(
        drawn(IpAdapterFile.of(file)), drawn(IpAdapterFile.of(file).lora(kohya(half, 1))));
  }

  /** The adapter's own LoRA as kohya spells it, acting so strongly. */
  private static Path kohya(Path file, double strength) {
    AdapterSites attentions = AdapterSites.of(base);
    try (TensorScope scope = TensorScope.open()) {
      Map<String, Tensor> all = ADAPTERS.tensors("faceid");
      Map<String, Tensor> spelled = new HashMap<>();
      for (int n = 0; n < 2 * attentions.paths().size(); n++) {
        for (String layer : FaceIdLoraFile.LAYERS) {
          String module = "lora_unet_"
              + (attentions.at(n) + "." + FaceIdLoraFile.module(layer)).replace('.', '_');
          Tensor down = all.get(FaceIdLoraFile.key(n, layer) + ".down.weight");
          spelled.put(module + ".lora_down.weight", down);
          spelled.put(
              module + ".lora_up.weight", all.get(FaceIdLoraFile.key(n, layer) + ".up.weight"));
          spelled.put(module + ".alpha", torch.tensor((float) (strength * down.size(0))));
        }
      }
      SafetensorsWriter.write(file, spelled, Map.of());
    }
    return file;
  }

  @Test
  void keepsNothingOpenOfALoraThatLacksALayer(@TempDir Path folder) {
    Path file = ADAPTERS.write("faceid", folder);
    Path broken = ADAPTERS.write(
        "faceid",
        folder.resolve("broken.safetensors"),
        name -> name.contains("_lora.") && !name.contains(".3.to_q_lora.up")
            ? name.replace("ip_adapter.", "")
            : null);
    IpAdapterFile lacking = IpAdapterFile.of(file).lora(broken);
    refusal(lacking, encoder);
    long objects = Pointer.totalCount();
    refusal(lacking, encoder);
    assertEquals(objects, Pointer.totalCount(), "native objects after another refusal");
  }

  @Test
  void isNotToldByTheNameOfItsFolder(@TempDir Path parent) throws IOException {
    Path folder = Files.createDirectories(parent.resolve("unnorm"));
    assertEquals(
        IpAdapterVariant.PLUS,
        IpAdapterFile.of(ADAPTERS.write("plus", folder)).layout().kind());
    Path odd = ADAPTERS.write(
        "base",
        folder.resolve("odd.safetensors"),
        name -> name.replace("ip_adapter.1.", "ip_adapter.x."));
    assertTrue(refusal(IpAdapterFile.of(odd), encoder).contains("3 attentions"));
  }

  @Test
  void refusesAnAdapterForAnotherFamily(@TempDir Path folder) {
    Path file = GoldenAdapters.of("xl-base").write("base", folder);
    assertEquals(
        file
            + " is an IP-Adapter for a base with context 72, 28 attentions; the base base-today is a base with "
            + "context 32: give an adapter made for it",
        refusal(IpAdapterFile.of(file), encoder));
    Path deep = GoldenAdapters.of("four-levels").write("base", folder);
    for (String[] made : new String[][] {
      {"flux/dev", "xlabs", "of XLabs for FLUX.1 (context 24), 2"},
      {"flux/dev", "instantx", "of InstantX for FLUX.1 (context 24), 4"},
      {"sd3/large", "timed", "of InstantX for Stable Diffusion 3.x (width 24), 2"}
    }) {
      Path other = GoldenAdapters.of(made[0]).write(made[1], folder);
      assertEquals(
          other + " is an IP-Adapter " + made[2]
              + " attentions; the base base-today is a base with context 32: "
              + "give an adapter made for it",
          refusal(IpAdapterFile.of(other), encoder));
    }
    assertEquals(
        deep
            + " is an IP-Adapter for a base with context 32, 16 attentions; the base base-today has 4: give an "
            + "adapter made for it",
        refusal(IpAdapterFile.of(deep), encoder));
  }

  @Test
  void refusesAnotherImageEncoder(@TempDir Path folder) {
    Path file = ADAPTERS.write("base", folder);
    assertEquals(
        file
            + " is an IP-Adapter and looks at images through an encoder (projection 40); the image encoder "
            + other.describe()
            + " is CLIP (width 64, projection 24): give the one it was trained with",
        refusal(IpAdapterFile.of(file), other));
    assertEquals(
        file
            + " is an IP-Adapter and looks at images through an encoder (projection 40); give that image "
            + "encoder: --image-encoder PATH, for programs ImageEncoder.open",
        refusal(IpAdapterFile.of(file), null));
  }

  @Test
  void refusesAnImageEncoderByItsConfigAlone(@TempDir Path folder) throws IOException {
    IpAdapterFile file = IpAdapterFile.of(ADAPTERS.write("base", folder));
    Files.copy(Path.of(other.describe()).resolve("config.json"), folder.resolve("config.json"));
    String is =
        file.path() + " is an IP-Adapter and looks at images through an encoder (projection 40); ";
    assertEquals(
        is + "the image encoder " + folder
            + " is CLIP (width 64, projection 24): give the one it was trained with",
        assertThrows(
                InvalidInputException.class, () -> PersonAdapter.open(file, base, folder, null))
            .getMessage());
    assertEquals(
        is + "give that image encoder: --image-encoder PATH, for programs ImageEncoder.open",
        assertThrows(InvalidInputException.class, () -> PersonAdapter.open(file, base, null, null))
            .getMessage());
  }

  @Test
  void refusesARecogniserThatThePublishedWereNotTaughtBy(@TempDir Path folder) {
    for (Map<String, String> header :
        List.of(Map.<String, String>of(), Map.of("likeness.recipe", "ours"))) {
      Path file = folder.resolve("faceid.safetensors");
      try (TensorScope scope = TensorScope.open()) {
        Map<String, Tensor> tensors = new HashMap<>(ADAPTERS.tensors("faceid"));
        tensors.put("image_proj.proj.0.weight", torch.zeros(48, 512));
        SafetensorsWriter.write(file, tensors, header);
      }
      for (String recogniser :
          List.of("AuraFace.onnx", "sface.onnx", "glintr100.onnx", "w600k_r50.onnx")) {
        String said = assertThrows(
                InvalidInputException.class,
                () -> PersonAdapter.recogniser(
                    IpAdapterFile.of(file), Path.of(recogniser), UsePolicy.NON_COMMERCIAL))
            .getMessage();
        assertEquals(
            header.isEmpty() && !recogniser.startsWith("w600k"),
            said.contains(recogniser + " is another recogniser"),
            said);
      }
    }
  }

  @Test
  void asksWhichFaceIdPlusItIs(@TempDir Path folder) {
    Path file = ADAPTERS.write("faceid-plus", folder.resolve("adapter.safetensors"), name -> name);
    assertEquals(
        file + " may be FaceID-Plus or FaceID-Plus v2, whose files look alike; put plusv2 or "
            + "plus_sd15 into its name (programs also say it by IpAdapterFile.version)",
        refusal(IpAdapterFile.of(file), encoder));
    assertEquals(
        IpAdapterFile.FaceIdPlusVersion.V2,
        IpAdapterFile.of(Path.of("ip-adapter-faceid-plusv2_sdxl.bin")).faceVersion());
    assertEquals(
        IpAdapterFile.FaceIdPlusVersion.V1,
        IpAdapterFile.of(Path.of("ip-adapter-faceid-plus_sd15.bin")).faceVersion());
  }

  @Test
  void refusesWhatIsMadeForOtherNetworksByName(@TempDir Path folder) {
    refuses(
        folder,
        "id_encoder.vision_model.x",
        "lora_weights.y",
        " is a PhotoMaker adapter (it has \"id_encoder.vision_model.x\")" + ATTACHED);
    refuses(
        folder,
        "image_proj.mapping_0.0.weight",
        "ip_adapter.1.to_k_ip.weight",
        " is a PuLID adapter (it has \"image_proj.mapping_0.0.weight\")" + ATTACHED);
    refuses(
        folder,
        "image_proj.latents",
        "image_proj.proj_in.weight",
        " has an image projection but no keys and values "
            + "(ip_adapter.*), as InfiniteYou's image_proj_model.bin does; give an IP-Adapter's file");
    refuses(
        folder,
        "a.weight",
        "b.weight",
        " is no IP-Adapter: expected image_proj.* and ip_adapter.*, found e.g. \"a.weight\"");
  }

  private static final String ATTACHED = "; attached are IP-Adapters " + "only";

  private static void refuses(Path folder, String one, String two, String message) {
    Path file = folder.resolve("other.safetensors");
    try (TensorScope scope = TensorScope.open()) {
      Tensor some = torch.zeros(2, 2);
      Map<String, Tensor> tensors = new HashMap<>(Map.of(one, some, two, some.clone()));
      SafetensorsWriter.write(file, tensors, Map.of());
    }
    assertEquals(file + message, refusal(IpAdapterFile.of(file), encoder));
  }

  private static String refusal(IpAdapterFile file, ImageEncoder through) {
    return assertThrows(InvalidInputException.class, () -> IpAdapter.open(file, base, through))
        .getMessage();
  }

  private static float[] drawn(IpAdapterFile file) {
    return drawn(file, 1);
  }

  private static float[] drawn(IpAdapterFile file, double lora) {
    try (IpAdapter adapter = IpAdapter.open(file, base, encoder)) {
      RgbImage image = RgbImage.read(GoldenTower.file("37x53.png"));
      float[] face = new float[24];
      face[3] = 1;
      Reference reference =
          adapter.layout().kind().needsFace() ? Reference.face(face, image) : Reference.of(image);
      return base.generate(ImageRequest.of("a woman")
              .steps(2)
              .guidance(3)
              .size(24, 16)
              .adapter(adapter.identity(List.of(reference)).lora(lora).at(0.8)))
          .pixels();
    }
  }
}
