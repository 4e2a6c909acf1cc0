package dev.likeness.cli.docs;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.cli.Selfies;
import dev.likeness.cli.TinyAdapter;
import dev.likeness.cli.TinyInfiniteYou;
import dev.likeness.cli.TinyPhotoMaker;
import dev.likeness.cli.TinyPulid;
import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.golden.GoldenResource;
import dev.likeness.diffusion.golden.PipelineFolder;
import dev.likeness.diffusion.golden.TinyControlNets;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.material.Material;
import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.lora.LoraPerson;
import dev.likeness.lora.LoraTrainer;
import dev.likeness.lora.training.PersonToken;
import dev.likeness.lora.training.TrainingSet;
import dev.likeness.lora.training.TrainingSettings;
import dev.likeness.photos.opencv.Onnx;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Runs the commands of the guides on identity, in order, on tiny weights. */
class IdentityGuideTest {
  private static final List<String> ON_CPU = List.of("--dtype", "f32", "--device", "cpu");

  @TempDir
  private Path folder;

  private static String[] with(List<String> options, String... more) {
    List<String> all = new ArrayList<>(options);
    all.addAll(List.of(more));
    return all.toArray(String[]::new);
  }

  @Test
  void everyCommandOfIdentityWithoutTrainingRuns() throws IOException {
    String base = PipelineFolder.write("klein/base", folder).path().toString();
    Map<String, String> words = new HashMap<>(Map.of(
        "klein-base-4b",
        base,
        "selfies",
        Selfies.reduced(Selfies.of("5000000001", 2, folder)).toString(),
        // The tiny autoencoder is slow on larger images.
        "256",
        "64",
        // Sampling steps of the base that is not distilled.
        "50",
        "2"));
    String distilled = PipelineFolder.write("klein/distilled", folder).path().toString();
    List<String> outputs = new ArrayList<>();
    for (List<String> command : GuideCommands.of("docs/guides/identity-without-training.md")) {
      // The tiny distilled base has other layers, so the LoRA stays on its own base.
      words.put("klein-4b", command.contains("lora+references") ? base : distilled);
      List<String> more = new ArrayList<>(List.of("--size", "64"));
      if (command.contains("--photos") && !command.contains("--reference-size")) {
        more.addAll(List.of("--reference-size", "64"));
      }
      if (command.contains("--photos") && command.contains("lora+references")) {
        more.addAll(List.of("--train-steps", "2"));
      }
      Path out =
          new GuideCommands(words, folder).run(command, with(ON_CPU, more.toArray(String[]::new)));
      assertTrue(Files.exists(out.resolve("headshot-001.png")), out.toString());
      outputs.add(out.getFileName().toString());
    }
    assertEquals(List.of("shots", "faces", "more", "both", "trained", "again"), outputs);
  }

  @Test
  void everyCommandOfTrainingOnKleinOrZImageRuns() throws IOException {
    Path klein = PipelineFolder.write("klein/base", folder).path();
    Path turbo = PipelineFolder.write("zimage/turbo", folder).path();
    Path adapter = folder.resolve("adapter.safetensors");
    writeLora(turbo, adapter);
    Map<String, String> words = new HashMap<>(Map.of(
        "klein-base-4b",
        klein.toString(),
        // The tiny distilled base has other layers than the base that was trained.
        "klein-4b",
        klein.toString(),
        "z-image-turbo",
        turbo.toString(),
        "selfies",
        Selfies.reduced(Selfies.of("5000000001", 2, folder)).toString(),
        "zimage_turbo_training_adapter.safetensors",
        adapter.toString(),
        "2000",
        "2",
        "50",
        "1",
        "512",
        "64"));
    words.put("auraface", judge().toString());
    GuideCommands guide = new GuideCommands(words, folder);
    List<String> ran = new ArrayList<>();
    for (List<String> command : GuideCommands.of("docs/guides/train-on-klein-or-z-image.md")) {
      ran.add(command.get(0));
      switch (command.get(0)) {
        case "train" -> {
          Path person = guide.run(
              command,
              command.contains("--steps")
                  ? new String[0]
                  : new String[] {"--steps", "2", "--class-images", "0"});
          assertTrue(Files.exists(person), person.toString());
        }
        case "generate" ->
          assertImage(guide.run(command, with(ON_CPU, "--width", "64", "--height", "64")), 1);
        default ->
          assertTrue(Files.exists(guide
              .run(command, with(ON_CPU, "--size", "64", "--steps", "2"))
              .resolve("headshot-004.png")));
      }
    }
    assertTrue(ran.containsAll(List.of("train", "generate", "headshot")), ran.toString());
  }

  /** A LoRA of the base, as a stand-in for a published training adapter. */
  private static void writeLora(Path base, Path file) {
    byte[] grey = new byte[64 * 64 * 3];
    try (BaseModel model = BaseModel.open(base, Compute.EXACT);
        LoraPerson trained = new LoraTrainer(TrainingSettings.quick().steps(1))
            .train(
                model,
                TrainingSet.of(List.of(RgbImage.of(64, 64, grey)), PersonToken.of("woman")))) {
      trained.save(file);
    }
  }

  /** A network that embeds faces, to judge likeness. */
  private Path judge() throws IOException {
    return Files.write(folder.resolve("sface.onnx"), Onnx.pointwise(112, new float[] {1, 0, -1}));
  }

  private static void assertImage(Path out, int number) {
    assertTrue(Files.exists(out.resolve("image-00" + number + ".png")), out + ", image " + number);
  }

  @Test
  void everyCommandOfInstantIdRuns() throws IOException {
    Path base = PipelineFolder.any("sdxl/xl-base", folder);
    Path adapter = folder.resolve("ip-adapter.safetensors");
    try (BaseModel model = BaseModel.open(base, Compute.EXACT)) {
      TinyAdapter.ofInstantId(model, adapter);
    }
    String photo = selfies().resolve("selfie-01.jpg").toString();
    Optional<Path> detector = Material.find("faces/yunet_n_640_640.onnx");
    Map<String, String> words = new HashMap<>(Map.of(
        "sdxl",
        base.toString(),
        "InstantID/ip-adapter.bin",
        adapter.toString(),
        "InstantID/ControlNetModel",
        TinyControlNets.write("xl", folder).toString(),
        "antelopev2/glintr100.onnx",
        recogniser("glintr100.onnx").toString(),
        "ada.jpg@0.8",
        photo + "@0.8",
        "selfies",
        Path.of(photo).getParent().toString()));
    detector.ifPresent(file -> words.put("yunet.onnx", file.toString()));
    List<String> ran = run("docs/guides/instantid.md", words, detector.isPresent());
    assertEquals(
        detector.isPresent()
            ? List.of("out", "turned", "as-in-the-photo", "shots")
            : List.of("out", "turned", "shots"),
        ran);
  }

  @Test
  void everyCommandOfPhotoMakerRuns() throws IOException {
    Path base = PipelineFolder.any("sdxl/xl-base", folder);
    Map<String, String> words = new HashMap<>();
    words.put("sdxl", base.toString());
    try (BaseModel model = BaseModel.open(base, Compute.EXACT)) {
      for (int version = 1; version <= 2; version++) {
        Path file = folder.resolve("photomaker-v" + version + ".safetensors");
        TinyPhotoMaker.write(model, version == 2, file);
        words.put("photomaker-v" + version + ".bin", file.toString());
      }
    }
    Path photos = selfies();
    words.put("selfies", photos.toString());
    words.put("ada.png", photos.resolve("selfie-01.jpg").toString());
    words.put("ada-2.png", photos.resolve("selfie-02.jpg").toString());
    words.put("w600k_r50.onnx", recogniser("w600k_r50.onnx").toString());
    assertEquals(List.of("out", "out", "shots"), run("docs/guides/photomaker.md", words, true));
  }

  @Test
  void everyCommandOfPulidRuns() throws IOException {
    Path sdxl = PipelineFolder.any("sdxl/xl-base", folder);
    Path flux = PipelineFolder.any("flux/dev", folder);
    Path photos = selfies();
    Map<String, String> words = new HashMap<>();
    words.put("sdxl", sdxl.toString());
    words.put("flux-dev", flux.toString());
    for (Path base : List.of(sdxl, flux)) {
      String name = base.equals(flux) ? "pulid-flux" : "pulid";
      try (BaseModel model = BaseModel.open(base, Compute.EXACT)) {
        Path file = folder.resolve(name + ".safetensors");
        words.put(name, TinyPulid.write(model, file).toString());
      }
    }
    words.put(
        "eva02-clip-l-336",
        TinyPulid.writeTower(folder.resolve("eva.safetensors")).toString());
    words.put(
        "parsing_bisenet.pth",
        TinyPulid.writeParser(folder.resolve("parser.onnx")).toString());
    words.put("antelopev2", recogniser("glintr100.onnx").toString());
    words.put("selfies", photos.toString());
    words.put("ada.jpg", photos.resolve("selfie-01.jpg").toString());
    words.put("ada-2.jpg", photos.resolve("selfie-02.jpg").toString());
    assertEquals(List.of("out", "out-sdxl", "shots"), run("docs/guides/pulid.md", words, true));
  }

  @Test
  void everyCommandOfInfiniteYouRuns() throws IOException {
    Path flux = PipelineFolder.any("flux/dev", folder);
    Path photos = selfies();
    Map<String, String> words = new HashMap<>();
    try (BaseModel model = BaseModel.open(flux, Compute.EXACT)) {
      words.put(
          "aes_stage2/image_proj_model.bin",
          TinyInfiniteYou.write(model, folder.resolve("image_proj_model.safetensors"))
              .toString());
    }
    words.put("flux-dev", flux.toString());
    words.put("aes_stage2/InfuseNetModel", TinyInfiniteYou.writeNet(folder).toString());
    words.put(
        "recognition_arcface_ir_se50.pth",
        recogniser("recognition_arcface_ir_se50.onnx").toString());
    words.put("selfies", photos.toString());
    words.put("ada.jpg", photos.resolve("selfie-01.jpg").toString());
    words.put("shots/headshot-001.png", folder.resolve("shots/headshot-001.png").toString());
    words.put("ada.jpg@0.9", photos.resolve("selfie-01.jpg") + "@0.9");
    assertEquals(
        List.of("out", "turned", "shots", "edited"),
        run("docs/guides/infiniteyou.md", words, true));
  }

  private Path selfies() {
    return Selfies.of("5000000777", 2, folder);
  }

  /** A network of 512 numbers, as InsightFace's. */
  private Path recogniser(String name) throws IOException {
    return Files.write(
        folder.resolve(name), Onnx.sampled(112, 7, new float[] {1, 0, -1}, new float[] {0, 1, 0}));
  }

  /**
   * Runs the commands of a guide on small images, without its downloads, and returns the names of
   * their output folders.
   *
   * @param hasDetector false to leave out the commands with a file of a face detector
   */
  private List<String> run(String page, Map<String, String> words, boolean hasDetector)
      throws IOException {
    List<String> ran = new ArrayList<>();
    for (List<String> command : GuideCommands.of(page)) {
      if (command.get(0).equals("models") || command.contains("--face-detector") && !hasDetector) {
        continue;
      }
      boolean isShoot = command.get(0).equals("headshot");
      if (command.get(0).equals("edit")) {
        Path edited = new GuideCommands(words, folder).run(command, with(ON_CPU));
        assertTrue(Files.exists(edited.resolve("edited.png")), edited.toString());
        ran.add(edited.getFileName().toString());
        continue;
      }
      Path out = new GuideCommands(words, folder)
          .run(
              command,
              isShoot
                  ? with(ON_CPU, "--size", "64", "--steps", "2")
                  : with(ON_CPU, "--width", "64", "--height", "64", "--steps", "2"));
      assertTrue(
          Files.exists(out.resolve(isShoot ? "headshot-001.png" : "image-001.png")),
          out.toString());
      ran.add(out.getFileName().toString());
    }
    return ran;
  }

  /** Networks by path: an IResNet that guides, another network that judges, tiny autoencoders. */
  @Test
  void everyCommandOfFaceGuidanceRuns() throws IOException {
    Path sdxl = PipelineFolder.any("sdxl/xl-base", folder);
    Path flux = PipelineFolder.any("flux/dev", folder);
    Path photos = Selfies.of("5000000001", 2, folder);
    Path embedder = folder.resolve("auraface/glintr100.onnx");
    GoldenResource.copy("/golden/iresnet/folded.onnx", embedder);
    Optional<Path> detector = Material.find("faces/yunet_n_640_640.onnx");
    Map<String, String> words = new HashMap<>(Map.of(
        "sdxl",
        sdxl.toString(),
        "flux-dev",
        flux.toString(),
        "taesdxl",
        sdxl.resolve("vae").toString(),
        "taef1",
        flux.resolve("vae").toString(),
        "ada.jpg",
        photos.resolve("selfie-01.jpg").toString(),
        "selfies",
        photos.toString(),
        "auraface/glintr100.onnx",
        embedder.toString(),
        "sface",
        judge().toString()));
    detector.ifPresent(file -> words.put("yunet.onnx", file.toString()));
    GuideCommands guide = new GuideCommands(words, folder);
    int guided = 0;
    for (List<String> command : GuideCommands.of("docs/guides/face-guidance.md")) {
      List<String> line = new ArrayList<>(command);
      int option = line.indexOf("--face-detector");
      if (option >= 0 && detector.isEmpty()) {
        // Without the material there is no YuNet file; the built-in detector takes its place.
        line.subList(option, option + 2).clear();
      }
      guided += line.contains("--face-guidance-embedder") ? 1 : 0;
      switch (line.get(0)) {
        case "generate" ->
          assertImage(
              guide.run(line, with(ON_CPU, "--width", "64", "--height", "64", "--steps", "2")), 1);
        case "train" ->
          assertTrue(Files.exists(guide.run(
              line, with(ON_CPU, "--size", "64", "--steps", "2", "--class-images", "0"))));
        default -> {
          Path out = guide.run(line, with(ON_CPU, "--size", "64", "--steps", "2"));
          assertTrue(Files.exists(out.resolve("headshot-004.png")));
          String record = Files.readString(out.resolve("record.json"));
          assertTrue(record.contains("\"face_guidance\" : true"), record);
        }
      }
    }
    assertEquals(4, guided, "each of the guide's commands");
  }
}
