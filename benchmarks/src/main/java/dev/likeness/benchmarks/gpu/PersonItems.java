package dev.likeness.benchmarks.gpu;

import dev.likeness.benchmarks.RandomWeights;
import dev.likeness.benchmarks.gpu.GpuProof.Item;
import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.request.ControlImage;
import dev.likeness.diffusion.request.ControlNet;
import dev.likeness.diffusion.request.ImageRequest;
import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.ipadapter.IpAdapter;
import dev.likeness.ipadapter.reference.Reference;
import dev.likeness.lora.Lora;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;

/** Groups e, f and h: persons in one batch, conditioning beside the prompt, and threads. */
final class PersonItems {
  private static final double ONE_GREY_LEVEL = 1.5 / 255;
  private static final int PERSONS = 10;

  private PersonItems() {}

  static List<Item> batch(ProofModels models, ProofLog log) {
    return List.of(new Item("e.persons", 150, () -> {
      int steps = models.isTiny() ? 2 : 20;
      try (BaseModel base = models.random("sd15", models.isCpu() ? "f32" : "bf16")) {
        List<Lora> persons = IntStream.range(0, PERSONS)
            .mapToObj(i -> RandomWeights.lora(base, 8))
            .toList();
        ImageRequest request = models.request("sd15", steps);
        List<ImageRequest> ten = IntStream.range(0, PERSONS)
            .mapToObj(i -> request.adapter(persons.get(i).at(1)).seed(i))
            .toList();
        base.generateAll(ten);
        log.found("e.persons.ten", models.milliseconds(2, () -> base.generateAll(ten)), "ms");
        List<ImageRequest> one = List.of(request.adapter(persons.get(0).at(1)).count(PERSONS));
        log.found("e.persons.one", models.milliseconds(2, () -> base.generateAll(one)), "ms");
        models.memory("e.persons");
        persons.forEach(Lora::close);
      }
    }));
  }

  static List<Item> conditioning(ProofModels models, ProofLog log) {
    return List.of(
        new Item(
            "f.ipadapter",
            60,
            () -> models.difference(
                "f.ipadapter",
                () -> withAdapter(models, Compute.EXACT),
                () -> withAdapter(models, Compute.of(models.device(), "f32")),
                ONE_GREY_LEVEL)),
        new Item(
            "f.controlnet",
            60,
            () -> models.difference(
                "f.controlnet",
                () -> withControl(models, Compute.EXACT),
                () -> withControl(models, Compute.of(models.device(), "f32")),
                ONE_GREY_LEVEL)),
        new Item(
            "f.face",
            180,
            () -> models.difference(
                "f.face",
                () -> FaceItem.generate(Compute.EXACT, models.isTiny(), log),
                () -> FaceItem.generate(Compute.of(models.device(), "f32"), models.isTiny(), log),
                6 * ONE_GREY_LEVEL)));
  }

  private static float[] withAdapter(ProofModels models, Compute compute) {
    try (BaseModel base = models.withValues("sd15", compute);
        IpAdapter adapter = faceAdapter(base)) {
      return base.generate(models
              .request("sd15", 4)
              .size(64, 64)
              .adapter(adapter.prompt(List.of(face())).at(0.8)))
          .pixels();
    }
  }

  private static float[] withControl(ProofModels models, Compute compute) {
    try (BaseModel base = models.withValues("sd15", compute);
        ControlNet net = BaseModel.openControlNet(models.values("controlnet"), compute)) {
      return base.generate(
              models.request("sd15", 4).size(64, 64).controlImages(List.of(edges(net))))
          .pixels();
    }
  }

  /** Generates with a LoRA, an image prompt and a ControlNet at once. */
  static void generateWithAll(ProofModels models, UnaryOperator<ImageRequest> change) {
    Compute compute = Compute.of(models.device(), "f32");
    try (BaseModel base = models.withValues("sd15", compute);
        ControlNet net = BaseModel.openControlNet(models.values("controlnet"), compute);
        IpAdapter adapter = faceAdapter(base);
        Lora lora = RandomWeights.lora(base, 4)) {
      base.generate(change.apply(models
          .request("sd15", 6)
          .size(64, 64)
          .adapter(lora.at(0.9))
          .adapter(adapter.prompt(List.of(face())).at(0.8))
          .controlImages(List.of(edges(net)))));
    }
  }

  private static IpAdapter faceAdapter(BaseModel base) {
    try {
      Path file = Files.createTempFile("adapter", ".safetensors");
      RandomWeights.faceAdapter(file, base);
      IpAdapter adapter = IpAdapter.open(file, base);
      Files.delete(file);
      return adapter;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static Reference face() {
    float[] face = new float[RandomWeights.FACE_NUMBERS];
    face[3] = 1;
    return Reference.face(face);
  }

  private static ControlImage edges(ControlNet net) {
    byte[] edges = new byte[64 * 64 * 3];
    new Random(2).nextBytes(edges);
    return ControlImage.of(net, RgbImage.of(64, 64, edges));
  }

  /**
   * Four threads generate with two LoRAs at once; each image must equal that of a single thread.
   */
  static List<Item> threads(ProofModels models, ProofLog log) {
    return List.of(new Item("h.threads", 120, () -> {
      try (BaseModel base = models.withValues("sd15", Compute.of(models.device(), "f32"));
          Lora first = RandomWeights.lora(base, 4);
          Lora second = RandomWeights.lora(base, 8)) {
        List<ImageRequest> requests = IntStream.range(0, 4)
            .mapToObj(i -> models
                .request("sd15", 4)
                .size(64, 64)
                .seed(i)
                .adapter((i % 2 == 0 ? first : second).at(0.9)))
            .toList();
        List<float[]> alone =
            requests.stream().map(request -> base.generate(request).pixels()).toList();
        ExecutorService threads = Executors.newFixedThreadPool(requests.size());
        List<Future<float[]>> together = requests.stream()
            .map(request -> threads.submit(() -> base.generate(request).pixels()))
            .toList();
        for (int i = 0; i < alone.size(); i++) {
          float[] made = together.get(i).get();
          int number = i;
          models.difference("h.threads." + i, () -> alone.get(number), () -> made, 0);
        }
        threads.shutdown();
      }
    }));
  }
}
