package dev.likeness.ipadapter;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.jr.ob.JSON;
import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.catalogue.CatalogueModel;
import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.golden.PipelineFolder;
import dev.likeness.diffusion.golden.TinyControlNets;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.internal.natives.NoTensorLeaks;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.diffusion.request.ControlImage;
import dev.likeness.diffusion.request.ControlNet;
import dev.likeness.diffusion.request.ImageRequest;
import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.ipadapter.internal.GoldenNetwork;
import dev.likeness.ipadapter.internal.GoldenRuns;
import dev.likeness.ipadapter.internal.registry.MethodRegistry;
import dev.likeness.ipadapter.reference.ReferenceEmbeddings;
import dev.likeness.photos.embed.UsePolicy;
import dev.likeness.photos.opencv.Onnx;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Methods that a folder holds whole, on tiny weights. */
@ExtendWith(NoTensorLeaks.class)
class IdentityFilesTest {
  private static final GoldenRuns FACES =
      new GoldenRuns("instantid-more/reference.safetensors", 1e-4);

  @TempDir
  private static Path shared;

  private static Path xl;
  private static Path net;
  private static Path fluxFolder;

  @TempDir
  private Path folder;

  @BeforeAll
  static void writes() {
    xl = PipelineFolder.any("sdxl/xl-base", shared);
    net = TinyControlNets.write("xl", shared);
    fluxFolder = PipelineFolder.any("flux/dev", shared);
    // All components have been in use then.
    try (BaseModel base = BaseModel.open(xl, Compute.EXACT);
        ControlNet control = BaseModel.openControlNet(net, Compute.EXACT)) {
      base.generate(request(base)
          .controlImage(ControlImage.of(control, FaceKeypoints.ofPose("front", 0.2, 8, 8))));
    }
  }

  private static ImageRequest request(BaseModel base) {
    return ImageRequest.of("a woman").steps(2).size(32, 24).seed(3);
  }

  private static void write(Path file, Map<?, ?> network) {
    try (TensorScope scope = TensorScope.open()) {
      GoldenNetwork.write(network, file, tensors -> {});
    }
  }

  private Path instantId(boolean hasNet) throws IOException {
    write(folder.resolve("ip-adapter.safetensors"), (Map<?, ?>)
        GoldenNetwork.json("instantid/reference.json").get("adapter"));
    recogniser("glintr100.onnx");
    if (hasNet) {
      Files.move(TinyControlNets.write("xl", folder), folder.resolve("ControlNetModel"));
    }
    return folder;
  }

  private void recogniser(String name) throws IOException {
    Files.write(
        folder.resolve(name), Onnx.sampled(112, 7, new float[] {1, 0, -1}, new float[] {0, 1, 0}));
  }

  @Test
  void opensInstantIdWithItsControlNetAndPose() throws IOException {
    IdentityFiles files = IdentityFiles.findIn(instantId(true));
    assertEquals(Optional.of(folder.resolve("ControlNetModel")), files.controlNet());
    assertEquals(Optional.of(folder.resolve("glintr100.onnx")), files.faceEmbedder());
    try (BaseModel base = BaseModel.open(xl, Compute.EXACT);
        ControlNet control = BaseModel.openControlNet(net, Compute.EXACT);
        PersonAdapter front = PersonAdapter.open(files, base, UsePolicy.NON_COMMERCIAL);
        PersonAdapter left = PersonAdapter.open(
            files.pose("left").controlScale(0.5), base, UsePolicy.NON_COMMERCIAL)) {
      ReferenceEmbeddings ada = front.adapter().embed(List.of(FACES.face(1)));
      ImagePrompt bare = front.adapter().prompt(ada);
      int side = base.defaults().width();
      int height = base.defaults().height();
      assertArrayEquals(
          generate(base, bare.withControl(control(control, "front", 0.8, side, height))),
          generate(base, front.prompt(ada)));
      assertArrayEquals(
          generate(base, bare.withControl(control(control, "left", 0.5, side, height))),
          generate(base, left.prompt(ada)));
    }
  }

  private static ControlImage control(
      ControlNet net, String pose, double scale, int width, int height) {
    return ControlImage.of(net, FaceKeypoints.ofPose(pose, 0.2, width, height)).scale(scale);
  }

  private static float[] generate(BaseModel base, ImagePrompt who) {
    return base.generate(request(base).adapter(who.at(0.8))).pixels();
  }

  @Test
  void opensInfiniteYouWithABlackImageForItsControlNet() throws IOException {
    Map<String, Object> record = GoldenNetwork.json("infiniteyou/reference.json");
    write(folder.resolve("image_proj_model.safetensors"), (Map<?, ?>) record.get("adapter"));
    recogniser("recognition_arcface_ir_se50.onnx");
    Path own = Files.createDirectories(folder.resolve("InfuseNetModel"));
    Map<?, ?> infuse = (Map<?, ?>) record.get("net");
    Files.writeString(own.resolve("config.json"), JSON.std.asString(infuse.get("config")));
    write(own.resolve("diffusion_pytorch_model.safetensors"), infuse);
    GoldenRuns golden = new GoldenRuns("infiniteyou/reference.safetensors", 1e-3);
    try (BaseModel base = BaseModel.open(fluxFolder, Compute.EXACT);
        ControlNet control = BaseModel.openControlNet(own, Compute.EXACT);
        PersonAdapter adapter =
            PersonAdapter.open(IdentityFiles.findIn(folder), base, UsePolicy.NON_COMMERCIAL)) {
      ReferenceEmbeddings ada = adapter.adapter().embed(List.of(golden.face(1)));
      ControlImage black =
          ControlImage.of(control, RgbImage.of(1, 1, new byte[3])).scale(1);
      assertArrayEquals(
          generate(base, adapter.adapter().prompt(ada).withControl(black)),
          generate(base, adapter.prompt(ada)),
          1e-6f);
    }
  }

  private static String refusal(Runnable call) {
    return assertThrows(InvalidInputException.class, call::run).getMessage();
  }

  @Test
  void refusesByNameEachFileWhoseLicenceForbidsTheUse() throws IOException {
    Path instantId = instantId(true).resolve("ip-adapter.safetensors");
    Path infiniteYou = folder.resolve("image_proj_model.safetensors");
    write(infiniteYou, (Map<?, ?>)
        GoldenNetwork.json("infiniteyou/reference.json").get("adapter"));
    String advice = " forbids commercial use; use an adapter whose licence allows it, such as Plus"
        + " Face or PhotoMaker v1";
    IdentityFiles plain = IdentityFiles.of(instantId);
    assertEquals(
        instantId + " is an InstantID adapter, whose licence (Apache-2.0; its authors say that the"
            + " weights are for research only)" + advice,
        refusal(() -> plain.requireUse(UsePolicy.COMMERCIAL)));
    assertEquals(
        infiniteYou + " is an InfiniteYou adapter, whose licence (CC BY-NC 4.0, research only)"
            + advice,
        refusal(() -> IdentityFiles.of(infiniteYou).requireUse(UsePolicy.COMMERCIAL)));
    IdentityFiles whole = plain
        .faceEmbedder(folder.resolve("glintr100.onnx"))
        .controlNet(folder.resolve("ControlNetModel"));
    assertEquals(
        "the embedder ArcFace has a licence that forbids commercial use (non-commercial research"
            + " only), and no other embedder fits this adapter; use an adapter that uses images,"
            + " such as Plus Face",
        refusal(() -> whole.requireUse(UsePolicy.COMMERCIAL)));
    whole.requireUse(UsePolicy.NON_COMMERCIAL);
    try (BaseModel base = BaseModel.open(xl, Compute.EXACT)) {
      assertTrue(refusal(() -> PersonAdapter.open(whole, base, UsePolicy.COMMERCIAL))
          .startsWith("the embedder ArcFace"));
    }
  }

  @Test
  void asksTheCatalogueForEveryFileOfAMethod() {
    List<String> forbidden = MethodRegistry.methods().stream()
        .flatMap(method -> method.publishedFiles().stream())
        .flatMap(file -> file.model().stream())
        .filter(model -> {
          try {
            UsePolicy.COMMERCIAL.require(model);
            return false;
          } catch (InvalidInputException refused) {
            return true;
          }
        })
        .map(CatalogueModel::name)
        .toList();
    assertEquals(
        List.of("infiniteyou", "infusenet", "instantid", "instantid-controlnet"),
        forbidden.stream().sorted().toList());
    // Each model of the catalogue that a method needs is a file of a method.
    List<String> known = Stream.concat(
            MethodRegistry.methods().stream().flatMap(method -> method.publishedFiles().stream()),
            MethodRegistry.networks())
        .flatMap(file -> file.model().stream())
        .map(CatalogueModel::name)
        .toList();
    for (String name : List.of(
        "instantid",
        "photomaker",
        "photomaker-v2",
        "pulid",
        "pulid-flux",
        "infiniteyou",
        "instantid-controlnet",
        "infusenet",
        "eva02-clip-l-336",
        "antelopev2")) {
      assertTrue(known.contains(name), name);
    }
  }

  @Test
  void namesTheFileThatAFolderLacks() throws IOException {
    instantId(false);
    assertEquals(Optional.empty(), IdentityFiles.findIn(folder).controlNet());
    Files.delete(folder.resolve("glintr100.onnx"));
    assertEquals(
        "the folder " + folder + " has an InstantID adapter, but not glintr100.onnx, which it"
            + " needs; put it there (antelopev2 of the catalogue,"
            + " DIAMONIK7777/antelopev2:glintr100.onnx)",
        refusal(() -> IdentityFiles.findIn(folder)));
    Files.delete(folder.resolve("ip-adapter.safetensors"));
    assertEquals(
        "the folder " + folder + " has no adapter; put one .safetensors or .bin file of an identity"
            + " method into it, with the networks that it needs",
        refusal(() -> IdentityFiles.findIn(folder)));
    Path file = folder.resolve("none");
    assertEquals(
        file + " is not a folder; give the folder with the files of an identity method",
        refusal(() -> IdentityFiles.findIn(file)));
    for (String name : List.of("a.safetensors", "b.bin")) {
      Files.createFile(folder.resolve(name));
    }
    assertTrue(refusal(() -> IdentityFiles.findIn(folder))
        .startsWith("the folder " + folder + " has several adapters (a.safetensors, b.bin); "));
  }

  @Test
  void namesTheFileThatIsNotGivenByTheHeadersAlone() throws IOException {
    Path adapter = instantId(false).resolve("ip-adapter.safetensors");
    IdentityFiles files = IdentityFiles.of(adapter);
    try (BaseModel base = BaseModel.open(xl, Compute.EXACT);
        BaseModel flux = BaseModel.open(fluxFolder, Compute.EXACT)) {
      assertEquals(
          adapter + " is an InstantID adapter, which needs glintr100.onnx, but it was not given;"
              + " give this file (antelopev2 of the catalogue,"
              + " DIAMONIK7777/antelopev2:glintr100.onnx)",
          refusal(() -> files.requireFor(base)));
      Path gone = folder.resolve("gone");
      assertEquals(
          gone + " does not exist; give ControlNetModel (instantid-controlnet of the catalogue,"
              + " InstantX/InstantID:ControlNetModel)",
          refusal(() -> files
              .faceEmbedder(folder.resolve("glintr100.onnx"))
              .controlNet(gone)
              .requireFor(base)));
      assertTrue(refusal(() -> files.requireFor(flux))
          .endsWith("but the base dev is FLUX.1 (context 24); give an adapter for this base"));
    }
    assertTrue(
        refusal(() -> files.pose("sideways")).startsWith("unknown pose \"sideways\"; known: "));
  }
}
