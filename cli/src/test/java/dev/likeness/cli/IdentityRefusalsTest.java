package dev.likeness.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.golden.PipelineFolder;
import dev.likeness.diffusion.golden.TinyControlNets;
import dev.likeness.diffusion.image.ExifOrientation;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.internal.file.RenamedSource;
import dev.likeness.diffusion.internal.file.Safetensors;
import dev.likeness.diffusion.internal.file.SafetensorsWriter;
import dev.likeness.diffusion.internal.file.TensorSource;
import dev.likeness.diffusion.internal.image.Resampler;
import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.photos.opencv.Onnx;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Wrong pairings, files and photos of all identity methods, each refused by one exact line of
 * {@code identity-refusals.txt}.
 */
class IdentityRefusalsTest {
  private static final int LEAST = 40;
  private static final List<String> METHODS = List.of(
      "ipadapter",
      "portrait",
      "instantid",
      "photomaker-v1",
      "photomaker-v2",
      "pulid",
      "pulid-flux",
      "infiniteyou");

  @TempDir
  private static Path shared;

  private static final Map<String, List<String>> CASES = new LinkedHashMap<>();

  private static final Map<String, Path> FOLDERS = new HashMap<>();

  private static Path photo;
  private static Path faceless;

  private record Refusal(String name, String line) {
    @Override
    public String toString() {
      return name;
    }
  }

  private static boolean isOnFlux(String method) {
    return method.equals("pulid-flux") || method.equals("infiniteyou");
  }

  private static Path file(String method) {
    return shared.resolve(method).resolve("ip-adapter.safetensors");
  }

  private static Path base(boolean isFlux) {
    return FOLDERS.computeIfAbsent(
        isFlux ? "flux/dev" : "sdxl/xl-base", name -> PipelineFolder.any(name, shared));
  }

  private static Path net(String name) {
    return FOLDERS.computeIfAbsent(name, any -> TinyControlNets.write(name, shared));
  }

  private static Path base(String method) {
    return base(isOnFlux(method));
  }

  @BeforeAll
  static void writes() throws IOException {
    for (String method : METHODS) {
      Files.createDirectories(file(method).getParent());
      try (BaseModel model = BaseModel.open(base(method), Compute.EXACT)) {
        switch (method) {
          case "ipadapter" -> TinyAdapter.ofImages(model, 12, file(method));
          case "portrait" -> TinyAdapter.ofFaces(model, 128, file(method));
          case "instantid" -> TinyAdapter.ofInstantId(model, file(method));
          case "infiniteyou" -> TinyInfiniteYou.write(model, file(method));
          case "pulid", "pulid-flux" -> TinyPulid.write(model, file(method));
          default -> TinyPhotoMaker.write(model, method.endsWith("v2"), file(method));
        }
      }
    }
    photo = Selfies.of("5000000777", 1, shared.resolve("people")).resolve("selfie-01.jpg");
    faceless = shared.resolve("faceless.png");
    TinyControlNets.slope(64, 48, false).writePng(faceless);
    for (String name : List.of(
        "glintr100.onnx", "w600k_r50.onnx", "sface.onnx", "recognition_arcface_ir_se50.onnx")) {
      Files.write(
          shared.resolve(name),
          Onnx.sampled(112, 7, new float[] {1, 0, -1}, new float[] {0, 1, 0}));
    }
    TinyPulid.writeTower(shared.resolve("eva.safetensors"));
    TinyPulid.writeParser(shared.resolve("parser.onnx"));
    Files.createDirectories(shared.resolve("html"));
    addFiles();
    addParts();
    addNets();
    addPhotos();
    addMissingParts();
  }

  private static void add(String name, String method, Path adapter, Path base, Object... more) {
    List<String> words = new ArrayList<>(List.of(
        "generate",
        "--base",
        base.toString(),
        "--ip-adapter",
        adapter.toString(),
        "--prompt",
        method.startsWith("photomaker") ? "photo of a woman img" : "photo of a woman"));
    Arrays.stream(more).map(Object::toString).forEach(words::add);
    if (!words.contains("--reference")) {
      words.addAll(List.of("--reference", photo.toString()));
    }
    CASES.put(name, words);
  }

  private static String recogniser(String method) {
    return switch (method) {
      case "photomaker-v2" -> "w600k_r50.onnx";
      case "infiniteyou" -> "recognition_arcface_ir_se50.onnx";
      default -> "glintr100.onnx";
    };
  }

  private static boolean needsFace(String method) {
    return !List.of("ipadapter", "portrait", "photomaker-v1").contains(method);
  }

  /** All parts that a method needs. */
  private static Object[] parts(String method) {
    List<Object> words = new ArrayList<>();
    if (needsFace(method)) {
      words.addAll(List.of("--adapter-embedder", shared.resolve(recogniser(method))));
    }
    if (method.startsWith("pulid")) {
      words.addAll(List.of(
          "--image-encoder",
          shared.resolve("eva.safetensors"),
          "--face-parser",
          shared.resolve("parser.onnx")));
    }
    if (method.equals("infiniteyou")) {
      words.addAll(List.of("--identity-controlnet", net("flux")));
    }
    return words.toArray();
  }

  private static Object[] with(Object[] some, Object... more) {
    return Stream.concat(Arrays.stream(some), Arrays.stream(more)).toArray();
  }

  /** Files that are no adapters, and adapters for another base. */
  private static void addFiles() throws IOException {
    for (String method : METHODS) {
      Path html = shared.resolve(method + "-html.safetensors");
      Files.writeString(html, "<!DOCTYPE html><html><body>Sign in to download</body></html>");
      add(method + ": an HTML page", method, html, base(method), parts(method));
      byte[] whole = Files.readAllBytes(file(method));
      Path half = shared.resolve(method + "-half.safetensors");
      Files.write(half, Arrays.copyOf(whole, whole.length / 2));
      add(method + ": half a file", method, half, base(method), parts(method));
      if (!method.equals("portrait")) {
        Path other = base(!isOnFlux(method));
        add(method + ": another base", method, file(method), other, parts(method));
      }
    }
  }

  /** Missing and wrong networks. */
  private static void addParts() throws IOException {
    for (String method : METHODS) {
      if (needsFace(method)) {
        add(method + ": no face embedder", method, file(method), base(method));
        Path html = shared.resolve("html").resolve(recogniser(method));
        Files.writeString(html, "<!DOCTYPE html><html><body>Sign in</body></html>");
        CASES.put(method + ": an HTML page as face embedder", replaced(method, html));
        if (!method.equals("photomaker-v2")) {
          CASES.put(
              method + ": another face embedder",
              replaced(method, shared.resolve("w600k_r50.onnx")));
        }
      }
      if (method.startsWith("pulid")) {
        Object[] embedder = {"--adapter-embedder", shared.resolve("glintr100.onnx")};
        add(method + ": no tower", method, file(method), base(method), embedder);
        add(
            method + ": no parser",
            method,
            file(method),
            base(method),
            with(embedder, "--image-encoder", shared.resolve("eva.safetensors")));
      }
    }
    add("portrait: no face embedder", "portrait", file("portrait"), base("portrait"));
    add("ipadapter: no image encoder", "ipadapter", file("ipadapter"), base("ipadapter"));
  }

  private static List<String> replaced(String method, Path embedder) {
    add("replaced", method, file(method), base(method), parts(method));
    List<String> words = new ArrayList<>(CASES.remove("replaced"));
    words.set(words.indexOf("--adapter-embedder") + 1, embedder.toString());
    return words;
  }

  private static void addNets() {
    Object embedder = shared.resolve("recognition_arcface_ir_se50.onnx");
    add(
        "infiniteyou: no InfuseNet",
        "infiniteyou",
        file("infiniteyou"),
        base("infiniteyou"),
        "--adapter-embedder",
        embedder);
    for (String net : List.of("xl", "flux-union")) {
      add(
          "infiniteyou: the ControlNet " + net,
          "infiniteyou",
          file("infiniteyou"),
          base("infiniteyou"),
          "--adapter-embedder",
          embedder,
          "--identity-controlnet",
          net(net));
    }
    for (String net : List.of("flux", "edges", "xl-union")) {
      add(
          "instantid: the ControlNet " + net,
          "instantid",
          file("instantid"),
          base("instantid"),
          with(parts("instantid"), "--identity-controlnet", net(net)));
    }
    for (String method : List.of("pulid", "photomaker-v1")) {
      add(
          method + ": a ControlNet",
          method,
          file(method),
          base(method),
          with(parts(method), "--identity-controlnet", net("xl")));
    }
  }

  private static void addPhotos() throws IOException {
    RgbImage selfie = RgbImage.read(photo);
    Path tiny = shared.resolve("tiny.png");
    Resampler.AREA.fit(selfie, 16).writePng(tiny);
    for (String method : METHODS) {
      if (needsFace(method)) {
        add(
            method + ": a photo without a face",
            method,
            file(method),
            base(method),
            with(parts(method), "--reference", faceless));
        add(
            method + ": a photo of 16 pixels",
            method,
            file(method),
            base(method),
            with(parts(method), "--reference", tiny));
      }
    }
    for (String prompt : List.of("photo of a woman", "photo of a woman img and a man img")) {
      add("prompt", "photomaker-v1", file("photomaker-v1"), base("photomaker-v1"));
      List<String> words = CASES.remove("prompt");
      words.set(words.indexOf("--prompt") + 1, prompt);
      CASES.put("photomaker-v1: " + prompt, words);
    }
  }

  /** Parts that publishers put into the adapter's file or beside it. */
  private static void addMissingParts() throws IOException {
    for (String method : List.of("photomaker-v1", "photomaker-v2")) {
      for (String part : List.of("lora_weights", "id_encoder")) {
        Path file = shared.resolve(method + "-without-" + part + ".safetensors");
        rename(file(method), file, name -> name.startsWith(part) ? null : name);
        // Without its encoder, the file of the second version is as that of the first.
        if (!file.toString().contains("v2-without-id_encoder")) {
          add(method + ": no " + part, method, file, base(method), parts(method));
        }
      }
    }
    Path faceId = shared.resolve("ip-adapter-faceid_sdxl.safetensors");
    Path plus = shared.resolve("ip-adapter-faceid-plusv2_sdxl.safetensors");
    try (BaseModel model = BaseModel.open(base(false), Compute.EXACT)) {
      TinyAdapter.ofFaceId(model, faceId);
      TinyAdapter.ofFaceIdPlus(model, plus);
    }
    Object[] embedder = {"--adapter-embedder", shared.resolve("w600k_r50.onnx")};
    add("faceid: no face embedder", "faceid", faceId, base(false));
    add("faceid: no LoRA", "faceid", faceId, base(false), embedder);
    add("faceid-plus: no LoRA", "faceid-plus", plus, base(false), embedder);
    Path unnamed = shared.resolve("ip-adapter-faceid-x_sdxl.safetensors");
    Files.copy(plus, unnamed);
    add("faceid-plus: no version", "faceid-plus", unnamed, base(false), embedder);
    Path whole = Files.createDirectories(shared.resolve("plus")).resolve(plus.getFileName());
    Files.copy(plus, whole);
    Files.createFile(whole.resolveSibling("ip-adapter-faceid-plusv2_sdxl_lora.safetensors"));
    add("faceid-plus: no image encoder", "faceid-plus", whole, base(false), embedder);
    Path community = shared.resolve("pulid_flux2_klein_v2.safetensors");
    rename(file("pulid-flux"), community, name -> name.replace("pulid_ca.", "pulid_ca_double."));
    add("pulid for FLUX.2", "pulid-flux", community, base(true), parts("pulid-flux"));
    Path first = shared.resolve("pulid_v1.safetensors");
    rename(file("pulid"), first, name -> name.equals("id_adapter.latents") ? "id_adapter.x" : name);
    add("pulid: version 1", "pulid", first, base(false), parts("pulid"));
  }

  private static void rename(Path from, Path to, UnaryOperator<String> name) throws IOException {
    try (TensorSource source = Safetensors.open(from)) {
      SafetensorsWriter.write(to, RenamedSource.of(source, name), Map.of());
    }
  }

  private static List<Refusal> refusals() throws IOException {
    try (InputStream in =
        IdentityRefusalsTest.class.getResourceAsStream("/identity-refusals.txt")) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8)
          .lines()
          .filter(line -> !line.isBlank())
          .map(line -> new Refusal(
              line.substring(0, line.indexOf(" => ")), line.substring(line.indexOf(" => ") + 4)))
          .toList();
    }
  }

  @ParameterizedTest
  @MethodSource("refusals")
  void refusesByOneLine(Refusal refusal, @TempDir Path out) {
    assertEquals(refusal.line(), line(refusal.name(), out));
  }

  private static String line(String name, Path out) {
    List<String> words = new ArrayList<>(CASES.get(name));
    words.addAll(List.of(
        "--dtype", "f32", "--device", "cpu", "--steps", "2", "--width", "64", "--height", "48"));
    words.addAll(List.of("--out", out.resolve("images").toString()));
    CommandResult run = CommandResult.of(words.toArray(String[]::new));
    assertNotEquals(0, run.status(), name);
    String last = run.err().strip().lines().reduce("", (a, b) -> b);
    assertTrue(last.startsWith("likeness: "), run.err());
    return last.substring("likeness: ".length()).replace(shared.toString(), "DIR");
  }

  private static List<Refusal> readPhotos() throws IOException {
    RgbImage selfie = Resampler.AREA.fit(RgbImage.read(photo), 320);
    Path two = shared.resolve("two.png");
    if (!Files.exists(two)) {
      beside(selfie, Resampler.AREA.fit(selfie, 240)).writePng(two);
      ExifOrientation.of(6).toUpright(selfie).writePng(shared.resolve("lying.png"));
    }
    return METHODS.stream()
        .filter(IdentityRefusalsTest::needsFace)
        .flatMap(method -> Stream.of(
            new Refusal(
                method + ": two faces",
                "two.png: the photo has several faces; the largest was used"),
            new Refusal(
                method + ": a photo on its side",
                "lying.png: the photo was turned upright to find the face")))
        .toList();
  }

  /** Two images in one, on black. */
  private static RgbImage beside(RgbImage left, RgbImage right) {
    int width = left.width() + right.width();
    byte[] rgb = new byte[3 * width * left.height()];
    for (int y = 0; y < left.height(); y++) {
      System.arraycopy(left.rgb(), 3 * y * left.width(), rgb, 3 * y * width, 3 * left.width());
      if (y < right.height()) {
        System.arraycopy(
            right.rgb(),
            3 * y * right.width(),
            rgb,
            3 * (y * width + left.width()),
            3 * right.width());
      }
    }
    return RgbImage.of(width, left.height(), rgb);
  }

  /** A photo of which a face is used, with one line on what was done. */
  @ParameterizedTest
  @MethodSource("readPhotos")
  void saysInOneLineHowAPhotoWasRead(Refusal read, @TempDir Path out) {
    String method = read.name().substring(0, read.name().indexOf(':'));
    Path given = shared.resolve(read.line().substring(0, read.line().indexOf(':')));
    add("read", method, file(method), base(method), with(parts(method), "--reference", given));
    List<String> words = new ArrayList<>(CASES.remove("read"));
    words.addAll(List.of(
        "--dtype", "f32", "--device", "cpu", "--steps", "1", "--width", "64", "--height", "48"));
    words.addAll(List.of("--out", out.resolve("images").toString()));
    CommandResult run = CommandResult.of(words.toArray(String[]::new));
    assertEquals(0, run.status(), run.err());
    assertEquals(
        List.of(read.line()),
        run.err()
            .lines()
            .filter(line -> line.startsWith(given.getFileName() + ": "))
            .toList());
  }

  @Test
  void countsAtLeastFortyCases() throws IOException {
    List<String> names = refusals().stream().map(Refusal::name).toList();
    assertEquals(List.copyOf(CASES.keySet()), names);
    assertTrue(names.size() >= LEAST, names.size() + " cases");
  }
}
