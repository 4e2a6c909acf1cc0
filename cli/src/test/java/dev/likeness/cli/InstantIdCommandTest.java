package dev.likeness.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.golden.PipelineFolder;
import dev.likeness.diffusion.golden.TinyControlNets;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.material.Material;
import dev.likeness.diffusion.request.ControlImage;
import dev.likeness.diffusion.request.ControlNet;
import dev.likeness.diffusion.request.ImageRequest;
import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.ipadapter.FaceKeypoints;
import dev.likeness.ipadapter.FaceReader;
import dev.likeness.ipadapter.ImagePrompt;
import dev.likeness.ipadapter.IpAdapter;
import dev.likeness.ipadapter.reference.Reference;
import dev.likeness.photos.embed.EmbedderSpec;
import dev.likeness.photos.embed.FaceEmbedder;
import dev.likeness.photos.embed.OnnxEmbedder;
import dev.likeness.photos.embed.UsePolicy;
import dev.likeness.photos.face.CascadeDetector;
import dev.likeness.photos.face.FaceDetector;
import dev.likeness.photos.opencv.Onnx;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code generate} with a small InstantID adapter and its ControlNet. */
class InstantIdCommandTest {
  private static final String PROMPT = "studio portrait of a woman";

  @TempDir
  private static Path shared;

  private static Path base;
  private static Path adapter;
  private static Path net;
  private static Path embedder;
  private static Path photo;

  @TempDir
  private Path folder;

  @BeforeAll
  static void writesAnAdapter() throws IOException {
    base = PipelineFolder.any("sdxl/xl-base", shared);
    adapter = shared.resolve("instantid/ip-adapter.safetensors");
    try (BaseModel model = BaseModel.open(base, Compute.EXACT)) {
      TinyAdapter.ofInstantId(model, adapter);
      TinyAdapter.ofFaces(model, 128, shared.resolve("portrait/ip-adapter.safetensors"));
      TinyAdapter.ofImages(model, 12, shared.resolve("plain/ip-adapter.safetensors"));
    }
    net = TinyControlNets.write("xl", shared);
    embedder = network("glintr100.onnx");
    photo = Selfies.of("5000000777", 2, shared.resolve("people")).resolve("selfie-01.jpg");
  }

  /** A network of 512 numbers, as InsightFace's. */
  private static Path network(String name) throws IOException {
    return Files.write(
        shared.resolve(name), Onnx.sampled(112, 7, new float[] {1, 0, -1}, new float[] {0, 1, 0}));
  }

  private CommandResult generate(String out, Object... more) {
    List<String> words = new ArrayList<>(List.of(
        "generate",
        "--prompt",
        PROMPT,
        "--dtype",
        "f32",
        "--device",
        "cpu",
        "--steps",
        "2",
        "--width",
        "64",
        "--height",
        "48",
        "--out",
        folder.resolve(out).toString()));
    for (Object word : more) {
      words.add(word.toString());
    }
    if (!words.contains("--base")) {
      words.addAll(List.of("--base", base.toString()));
    }
    return CommandResult.of(words.toArray(String[]::new));
  }

  private CommandResult instantId(String out, Object... more) {
    List<Object> words = new ArrayList<>(
        List.of("--ip-adapter", adapter, "--adapter-embedder", embedder, "--reference"));
    words.add(photo + "@0.8");
    words.addAll(List.of(more));
    return generate(out, words.toArray());
  }

  private RgbImage image(String out, Object... more) {
    CommandResult done = instantId(out, more);
    assertEquals(0, done.status(), done.err());
    return RgbImage.read(folder.resolve(out).resolve("image-001.png"));
  }

  /** The image by the Java API, without a command. */
  private static RgbImage expected() {
    try (BaseModel model = BaseModel.open(base, Compute.EXACT);
        ControlNet control = BaseModel.openControlNet(net, Compute.EXACT);
        IpAdapter instantId = IpAdapter.open(adapter, model);
        FaceDetector detector = new CascadeDetector();
        FaceEmbedder antelope =
            OnnxEmbedder.open(embedder, EmbedderSpec.ARCFACE, UsePolicy.NON_COMMERCIAL)) {
      Reference face = FaceReader.of(detector, antelope)
          .read(RgbImage.read(photo), true)
          .face()
          .orElseThrow();
      ImagePrompt identity = instantId
          .prompt(List.of(face))
          .withControl(ControlImage.of(control, FaceKeypoints.ofPose("up-left", 0.2, 64, 48))
              .scale(0.8));
      return model
          .generate(ImageRequest.of(PROMPT).seed(0).steps(2).size(64, 48).adapter(identity.at(0.8)))
          .image();
    }
  }

  @Test
  void generatesTheImageOfTheJavaApi() {
    RgbImage posed = image("posed", "--identity-controlnet", net, "--pose", "up-left");
    assertEquals(expected(), posed);
    assertNotEquals(posed, image("front", "--identity-controlnet", net));
  }

  @Test
  void tellsInOneLineThatTheControlNetIsMissing() {
    String line = adapter + " is an InstantID adapter, given without its ControlNet, so that images"
        + " look less like the person; give the folder ControlNetModel of its publishers"
        + " (instantid-controlnet of the catalogue, InstantX/InstantID:ControlNetModel) with"
        + " --identity-controlnet FOLDER";
    CommandResult without = instantId("without");
    assertEquals(0, without.status(), without.err());
    assertTrue(without.err().lines().anyMatch(line::equals), without.err());
    CommandResult off =
        instantId("off", "--identity-controlnet", net, "--identity-control-scale", "0");
    assertEquals(0, off.status(), off.err());
    assertFalse(off.err().contains("ControlNet"), off.err());
    assertEquals(
        RgbImage.read(folder.resolve("without/image-001.png")),
        RgbImage.read(folder.resolve("off/image-001.png")));
  }

  private CommandResult headshot(String out, Object... more) {
    List<Object> words = new ArrayList<>(
        List.of("--photos", photo.getParent(), "--consent", "Ada Byron, 2026-11-20: headshots"));
    words.addAll(List.of(more));
    if (!words.contains("--identity")) {
      words.addAll(List.of("--identity", "instantid"));
    }
    return shoot(out, words);
  }

  private CommandResult headshotOf(String id, String out, Object... more) {
    List<Object> words = new ArrayList<>(List.of("--person", id, "--identity", "instantid"));
    words.addAll(List.of(more));
    return shoot(out, words);
  }

  private CommandResult shoot(String out, List<Object> more) {
    List<Object> words = new ArrayList<>(List.of("headshot", "--style", "studio", "--count", "1"));
    words.addAll(List.of("--size", "64", "--steps", "2", "--dtype", "f32", "--device", "cpu"));
    words.addAll(List.of("--base", base, "--adapter-embedder", embedder));
    words.addAll(List.of("--out", folder.resolve(out)));
    words.addAll(more);
    return CommandResult.of(words.stream().map(Object::toString).toArray(String[]::new));
  }

  private CommandResult edit(String image, Object person, String out, Object... more) {
    List<Object> words = new ArrayList<>(List.of("edit", folder.resolve(image)));
    words.addAll(List.of("--identity", "instantid", "--person", person, "--ip-adapter", adapter));
    words.addAll(List.of("--adapter-embedder", embedder, "--base", base, "--dtype", "f32"));
    words.addAll(List.of("--device", "cpu", "--extend", "0,0,0,16", "--out", folder.resolve(out)));
    words.addAll(List.of(more));
    return CommandResult.of(words.stream().map(Object::toString).toArray(String[]::new));
  }

  private RgbImage shot(String out, Object... more) {
    CommandResult done = headshot(out, more);
    assertEquals(0, done.status(), done.err());
    return RgbImage.read(folder.resolve(out).resolve("headshot-001.png"));
  }

  @Test
  void makesHeadshotsByItsName() {
    RgbImage front = shot("shots", "--ip-adapter", adapter, "--identity-controlnet", net);
    assertNotEquals(
        front,
        shot("left", "--ip-adapter", adapter, "--identity-controlnet", net, "--pose", "left"));
    CommandResult without = headshot("alone", "--ip-adapter", adapter);
    assertEquals(0, without.status(), without.err());
    assertTrue(without.err().contains("given without its ControlNet"), without.err());
    assertNotEquals(front, RgbImage.read(folder.resolve("alone/headshot-001.png")));
    // The person's file serves without photos, and without another pose gives the same image.
    Path person = folder.resolve("shots/person-ipadapter.safetensors");
    CommandResult edited = edit("shots/headshot-001.png", person, "edited");
    assertEquals(0, edited.status(), edited.err());
    assertTrue(Files.exists(folder.resolve("edited/edited.png")));
  }

  @Test
  void keepsThePersonInAStoreUntilThePersonIsErased() {
    Object[] vault = {
      "--ip-adapter",
      adapter,
      "--identity-controlnet",
      net,
      "--store",
      folder.resolve("store"),
      "--key",
      folder.resolve("key.txt")
    };
    CommandResult first = headshot("stored", vault);
    assertEquals(0, first.status(), first.err());
    assertFalse(Files.exists(folder.resolve("stored/person-ipadapter.safetensors")));
    RgbImage stored = RgbImage.read(folder.resolve("stored/headshot-001.png"));
    assertEquals(stored, shot("unstored", "--ip-adapter", adapter, "--identity-controlnet", net));
    String id = first
        .err()
        .lines()
        .filter(line -> line.startsWith("stored as "))
        .findFirst()
        .orElseThrow()
        .substring(10, 42);
    CommandResult second = headshotOf(id, "again", vault);
    assertEquals(0, second.status(), second.err());
    assertEquals(stored, RgbImage.read(folder.resolve("again/headshot-001.png")));
    CommandResult edited = edit(
        "stored/headshot-001.png",
        id,
        "edited-stored",
        "--store",
        folder.resolve("store"),
        "--key",
        folder.resolve("key.txt"));
    assertEquals(0, edited.status(), edited.err());
    assertEquals(
        0,
        CommandResult.of(
                "people",
                "erase",
                id,
                "--store",
                folder.resolve("store").toString(),
                "--key",
                folder.resolve("key.txt").toString())
            .status());
    CommandResult erased = headshotOf(id, "erased", vault);
    assertEquals(3, erased.status(), erased.err());
    assertFalse(Files.exists(folder.resolve("erased/headshot-001.png")));
  }

  @Test
  void placesTwoPeopleByBoxesOrMasks() throws IOException {
    Path other = Selfies.of("5000000001", 2, folder).resolve("selfie-01.jpg");
    Object[] boxes = {
      "--reference-area",
      "0,0,0.5,1",
      "--reference",
      other + "@0.8",
      "--reference-area",
      "32,0,32,48"
    };
    Object[] net = {"--identity-controlnet", InstantIdCommandTest.net};
    RgbImage two =
        image("two-people", Stream.concat(Stream.of(net), Stream.of(boxes)).toArray());
    Path left = folder.resolve("left.png");
    Path right = folder.resolve("right.png");
    half(true).writePng(left);
    half(false).writePng(right);
    Object[] masks = {
      "--identity-controlnet",
      InstantIdCommandTest.net,
      "--reference-area",
      left,
      "--reference",
      other + "@0.8",
      "--reference-area",
      right
    };
    assertEquals(two, image("two-masks", masks));
    masks[3] = right;
    masks[7] = left;
    RgbImage swapped = image("swapped", masks);
    assertNotEquals(two, swapped);
    // The persons in each other's boxes.
    CommandResult persons = generate(
        "persons",
        "--ip-adapter",
        adapter,
        "--adapter-embedder",
        embedder,
        "--identity-controlnet",
        InstantIdCommandTest.net,
        "--reference",
        other + "@0.8",
        "--reference-area",
        left,
        "--reference",
        photo + "@0.8",
        "--reference-area",
        right);
    assertEquals(0, persons.status(), persons.err());
    assertTrue(
        distance(swapped, RgbImage.read(folder.resolve("persons/image-001.png"))) <= 1,
        "the order of people changes roundings alone");
    assertEquals(
        image("whole", "--identity-controlnet", InstantIdCommandTest.net),
        image(
            "whole-box",
            "--identity-controlnet",
            InstantIdCommandTest.net,
            "--reference-area",
            "0,0,64,48"));
  }

  private static RgbImage half(boolean isLeft) {
    byte[] rgb = new byte[3 * 64 * 48];
    for (int i = 0; i < rgb.length; i++) {
      rgb[i] = (byte) (i / 3 % 64 < 32 == isLeft ? 255 : 0);
    }
    return RgbImage.of(64, 48, rgb);
  }

  private static int distance(RgbImage one, RgbImage other) {
    byte[] first = one.rgb();
    byte[] second = other.rgb();
    int most = 0;
    for (int i = 0; i < first.length; i++) {
      most = Math.max(most, Math.abs((first[i] & 0xff) - (second[i] & 0xff)));
    }
    return most;
  }

  @Test
  void refusesAreasThatAreNone() {
    refuses(
        "--reference-area is given 2 times, and --reference 1 times; give one area for each"
            + " reference, in the same order",
        instantId("out", "--reference-area", "0,0,1,1", "--reference-area", "0,0,1,1"));
    String advice = "give a mask, or x,y,width,height in pixels, or as shares such as 0,0,0.5,1";
    for (String box : List.of("0,0,1", "0,0,0,1", "-1,0,1,1", "0,0,1,1,1")) {
      refuses(
          "--reference-area " + box + " is no box; " + advice,
          instantId("out", "--reference-area", box));
    }
    for (String box : List.of("40,0,32,48", "0.6,0,0.5,1")) {
      refuses(
          "--reference-area " + box + " is not inside the image of 64 by 48 pixels; give"
              + " x,y,width,height in pixels, or as shares such as 0,0,0.5,1",
          instantId("out", "--reference-area", box));
    }
    Path gone = folder.resolve("gone.png");
    CommandResult none = instantId("out", "--reference-area", gone);
    assertEquals(3, none.status(), none.err());
    assertTrue(none.err().contains(gone.toString()), none.err());
  }

  @Test
  void plansTheMemoryOfItsControlNetForHeadshots() {
    Object[] plan = {"--ip-adapter", adapter, "--memory", "60GiB"};
    CommandResult alone = headshot("planned-alone", plan);
    assertEquals(0, alone.status(), alone.err());
    assertTrue(alone.err().contains("memory for one image of 64x64"), alone.err());
    assertFalse(alone.err().contains("other networks"), alone.err());
    CommandResult both = headshot(
        "planned-both",
        Stream.concat(Stream.of(plan), Stream.of("--identity-controlnet", net)).toArray());
    assertEquals(0, both.status(), both.err());
    assertTrue(both.err().contains("other networks"), both.err());
  }

  @Test
  void takesTheWeightOfItsAuthorsIfNoneIsGiven() {
    RgbImage stated = image("stated", "--identity-controlnet", net);
    CommandResult plain = generate(
        "plain",
        "--ip-adapter",
        adapter,
        "--adapter-embedder",
        embedder,
        "--identity-controlnet",
        net,
        "--reference",
        photo);
    assertEquals(0, plain.status(), plain.err());
    assertEquals(stated, RgbImage.read(folder.resolve("plain/image-001.png")));
  }

  @Test
  void refusesAnotherMethodsFileOrOptionsInHeadshots() {
    Path portrait = shared.resolve("portrait/ip-adapter.safetensors");
    refuses(
        "--identity instantid needs the adapter of this method; give --ip-adapter FILE",
        headshot("out"));
    refuses(
        portrait + " is an IP-Adapter FaceID Portrait, but --identity instantid needs an adapter of"
            + " that method; give its file, or --identity ipadapter",
        headshot("out", "--ip-adapter", portrait));
    refuses(
        adapter + " is an InstantID adapter, but --identity photomaker needs an adapter of that"
            + " method; give its file, or --identity instantid",
        headshot("out", "--ip-adapter", adapter, "--identity", "photomaker"));
    refuses(
        "--pose does nothing without --identity-controlnet; give both or neither",
        headshot("out", "--ip-adapter", adapter, "--pose", "left"));
    refuses(
        "--identity-controlnet needs the adapter of an identity method; give its --ip-adapter FILE"
            + " and its --identity METHOD",
        CommandResult.of(
            "headshot",
            "--photos",
            photo.getParent().toString(),
            "--base",
            base.toString(),
            "--identity-controlnet",
            net.toString(),
            "--out",
            folder.resolve("out").toString()));
  }

  @Test
  void usesOtherControlNetsBesideIt() throws IOException {
    Path slope = folder.resolve("slope.png");
    TinyControlNets.slope(64, 48, false).writePng(slope);
    RgbImage alone = image("alone", "--identity-controlnet", net);
    RgbImage two = image(
        "two",
        "--identity-controlnet",
        net,
        "--controlnet",
        net,
        "--control-image",
        slope,
        "--controlnet",
        net,
        "--control-image",
        photo,
        "--control-scale",
        "0.3");
    assertNotEquals(alone, two);
  }

  @Test
  void takesThePoseOfThePhoto() throws IOException {
    Optional<Path> yunet = Material.find("faces/yunet_n_640_640.onnx");
    assumeTrue(yunet.isPresent(), "no YuNet in the material");
    Object[] words = {
      "--identity-controlnet", net, "--pose", "photo", "--face-detector", yunet.get()
    };
    RgbImage posed = image("photo", words);
    assertNotEquals(
        posed, image("front", "--identity-controlnet", net, "--face-detector", yunet.get()));
  }

  private void refuses(String message, CommandResult run) {
    assertTrue(run.status() == 2 || run.status() == 3, run.status() + " " + run.err());
    // Progress and warnings may come before it.
    assertEquals("likeness: " + message, run.err().strip().lines().reduce("", (a, b) -> b));
  }

  @Test
  void refusesOptionsThatDoNotBelongTogether() {
    refuses(
        "--pose does nothing without --identity-controlnet; give both or neither",
        instantId("out", "--pose", "left"));
    refuses(
        "--identity-control-scale does nothing without --identity-controlnet; give both or neither",
        instantId("out", "--identity-control-scale", "1"));
    refuses(
        "--identity-controlnet does nothing without --reference; give both or neither",
        generate("out", "--identity-controlnet", net));
    refuses(
        "Invalid value for option '--pose': unknown pose \"sideways\"; known: front, left, right,"
            + " slightly-left, slightly-right, up, down, up-left, up-right, tilted-left,"
            + " tilted-right, photo (try ./likeness generate --help)",
        instantId("out", "--identity-controlnet", net, "--pose", "sideways"));
    refuses(
        "--pose photo needs a face detector that finds keypoints, which the built-in one does not;"
            + " give --face-detector FILE with a YuNet file, or a pose such as --pose front",
        instantId("out", "--identity-controlnet", net, "--pose", "photo"));
    refuses(
        "--image-encoder does nothing with " + adapter + ", an InstantID adapter; leave"
            + " --image-encoder out",
        instantId("out", "--image-encoder", base));
  }

  @Test
  void refusesTheControlNetBesideAnotherAdapter() {
    Path portrait = shared.resolve("portrait/ip-adapter.safetensors");
    Path plain = shared.resolve("plain/ip-adapter.safetensors");
    refuses(
        "--identity-controlnet does nothing with " + portrait
            + ", an IP-Adapter FaceID Portrait; leave --identity-controlnet out",
        generate(
            "out", "--ip-adapter", portrait, "--reference", photo, "--identity-controlnet", net));
    refuses(
        "--identity-controlnet does nothing with " + plain
            + ", an IP-Adapter; leave --identity-controlnet out",
        generate("out", "--ip-adapter", plain, "--reference", photo, "--identity-controlnet", net));
  }

  @Test
  void refusesWhatIsNotItsControlNet() throws IOException {
    Path small = TinyControlNets.write("edges", shared);
    Path nowhere = shared.resolve("nowhere");
    Path union = TinyControlNets.write("xl-union", shared);
    refuses(
        "the ControlNet " + nowhere + " does not exist; give the folder of the adapter's ControlNet"
            + " with --identity-controlnet FOLDER",
        instantId("out", "--identity-controlnet", nowhere));
    refuses(
        base.resolve("unet") + " is a UNet2DConditionModel; supported: ControlNetModel,"
            + " ControlNetUnionModel, FluxControlNetModel",
        instantId("out", "--identity-controlnet", base.resolve("unet")));
    refuses(
        adapter + " has no controlnet in a known key format (number of tensors: 74); give the"
            + " component's folder, or a file with the key names of diffusers, transformers,"
            + " OpenCLIP or latent diffusion",
        instantId("out", "--identity-controlnet", adapter));
    refuses(
        union + " is a union ControlNet, but the ControlNet of an identity has no control modes;"
            + " give the folder of the adapter's ControlNet",
        instantId("out", "--identity-controlnet", union));
    refuses(
        "ControlNet controlnet-edges is for a UNet without size ids, of widths [32, 64] and text"
            + " width 32, but the base is a UNet with size ids, of widths [16, 32, 48] and text"
            + " width 72; use a ControlNet for this base",
        instantId("out", "--identity-controlnet", small));
    refuses(
        net + " is not a regular file; give an IP-Adapter's .safetensors or .bin file",
        generate("out", "--ip-adapter", net, "--reference", photo));
  }

  @Test
  void refusesAnotherFaceEmbedderAndAnotherBase() throws IOException {
    String trained = adapter + " is an InstantID adapter, trained with glintr100.onnx of"
        + " InsightFace's antelopev2; ";
    String advice = " is another face embedder; give glintr100.onnx (antelopev2 of the catalogue,"
        + " DIAMONIK7777/antelopev2:glintr100.onnx), or an adapter that uses images, such as Plus"
        + " Face; or, if the file is an unnormalised FaceID Portrait, which has the same layout, put"
        + " unnorm into its name";
    for (String name : List.of("w600k_r50.onnx", "auraface.onnx", "sface.onnx")) {
      Path other = network(name);
      refuses(
          trained + other + advice,
          generate(
              "out", "--ip-adapter", adapter, "--adapter-embedder", other, "--reference", photo));
    }
    refuses(
        adapter + " is an InstantID adapter, which needs a face embedder, but there is no"
            + " face_embedder folder beside the file; give glintr100.onnx of InsightFace's"
            + " antelopev2: --adapter-embedder FILE (antelopev2 of the catalogue,"
            + " DIAMONIK7777/antelopev2:glintr100.onnx)",
        generate("out", "--ip-adapter", adapter, "--reference", photo));
    refuses(
        "the embedder ArcFace has a licence that forbids commercial use (non-commercial research"
            + " only), and no other embedder fits this adapter; use an adapter that uses images,"
            + " such as Plus Face",
        instantId("out", "--commercial"));
    String licence = adapter + " is an InstantID adapter, whose licence (Apache-2.0; its authors"
        + " say that the weights are for research only) forbids commercial use; use an adapter"
        + " whose licence allows it, such as Plus Face or PhotoMaker v1";
    refuses(
        licence, generate("out", "--ip-adapter", adapter, "--reference", photo, "--commercial"));
    refuses(
        licence,
        CommandResult.of(
            "headshot",
            "--photos",
            photo.getParent().toString(),
            "--consent",
            "Ada Byron, 2026-11-20: headshots",
            "--base",
            base.toString(),
            "--identity",
            "instantid",
            "--ip-adapter",
            adapter.toString(),
            "--commercial",
            "--out",
            folder.resolve("out").toString()));
    refuses(
        adapter + " is an InstantID adapter for a base with context 72, 28 attentions, but the base"
            + " base-current is a base with context 32; give an adapter for this base",
        instantId("out", "--base", PipelineFolder.any("sd1/base", folder)));
  }
}
