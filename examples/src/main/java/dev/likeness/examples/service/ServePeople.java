package dev.likeness.examples.service;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.headshots.GenerationQueue;
import dev.likeness.headshots.HeadshotStudio;
import dev.likeness.ipadapter.FaceGuidance;
import dev.likeness.lora.LoraPerson;
import dev.likeness.photos.face.CascadeDetector;
import dev.likeness.photos.face.FaceDetector;
import dev.likeness.portrait.PortraitModel;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CountDownLatch;
import java.util.stream.Stream;

/**
 * Runs {@link HeadshotService} as a program until the process is ended: {@code ServePeople PORT
 * BASE PERSON-FILE...}. The base is a folder, a checkpoint file or {@code portrait}; port 0 uses
 * any free port. {@code ada.safetensors} is requested as {@code person=ada}.
 */
public final class ServePeople {
  private static final String USAGE =
      "give PORT BASE PERSON-FILE..., e.g. 8080 portrait ada.safetensors";

  private ServePeople() {}

  /** Runs while people are served. */
  interface Serving {
    void accept(HeadshotService service) throws Exception;
  }

  /** The people that are served, by name. */
  private record People(Map<String, LoraPerson> byName) implements AutoCloseable {
    void add(Path file, BaseModel base) {
      String name = file.getFileName().toString().replaceFirst("\\.safetensors$", "");
      if (byName.containsKey(name)) {
        throw new IllegalArgumentException(file + " has the same name as another file, " + name
            + ", but names of people must differ; rename one");
      }
      byName.put(name, LoraPerson.open(file, base));
      byName.get(name).baseMismatch(base).ifPresent(System.err::println);
    }

    @Override
    public void close() {
      byName.values().forEach(LoraPerson::close);
    }
  }

  /**
   * Runs the service.
   *
   * @param args port, base and one or more person files
   * @throws Exception if the service cannot start
   */
  public static void main(String[] args) throws Exception {
    if (args.length < 3 || !args[0].matches("[0-9]{1,5}")) {
      throw new IllegalArgumentException(USAGE + "; got " + List.of(args));
    }
    Path base = args[1].equals("portrait") ? PortraitModel.files() : Path.of(args[1]);
    serve(
        Integer.parseInt(args[0]),
        base,
        Stream.of(args).skip(2).map(Path::of).toList(),
        service -> {
          System.out.println("http://127.0.0.1:" + service.port()
              + "/shoots is ready; end the process to stop it");
          new CountDownLatch(1).await();
        });
  }

  /**
   * Serves the people in {@code files} until {@code serving} returns, with face guidance if the
   * base in {@code folder} includes it.
   *
   * @throws IllegalArgumentException if two of them have the same name
   * @throws dev.likeness.diffusion.error.InvalidInputException if a file is broken or for another
   *     kind of base. A person trained on another base of the same kind is only reported
   */
  static void serve(int port, Path folder, List<Path> files, Serving serving) throws Exception {
    try (FaceDetector detector = new CascadeDetector();
        BaseModel base = BaseModel.open(folder, Compute.best());
        FaceGuidance held = FaceGuidance.findIn(folder, base, detector).orElse(null);
        People people = new People(new TreeMap<>())) {
      files.forEach(file -> people.add(file, base));
      HeadshotStudio plain = HeadshotStudio.on(base);
      HeadshotStudio studio = held == null ? plain : plain.faceGuidance(held);
      try (HeadshotService service = HeadshotService.start(
          studio, people.byName(), GenerationQueue.Options.defaults(), detector, port)) {
        serving.accept(service);
      }
    }
  }
}
