package dev.likeness.examples.service;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.headshots.HeadshotStudio;
import dev.likeness.headshots.queue.QueueOptions;
import dev.likeness.ipadapter.face.FaceGuidance;
import dev.likeness.lora.TrainedPerson;
import dev.likeness.photos.face.CascadeDetector;
import dev.likeness.photos.face.FaceDetector;
import dev.likeness.portrait.PortraitModel;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CountDownLatch;
import java.util.stream.Stream;

/**
 * {@link HeadshotService} as a program: {@code ServePeople PORT BASE PERSON-FILE...}, until it is interrupted. The base is a folder, a
 * checkpoint file or {@code portrait}; port 0 takes any that is free. {@code ada.safetensors} is asked for as {@code person=ada}.
 */
public final class ServePeople implements AutoCloseable {
  private static final String ENDING = ".safetensors";

  private final Map<String, TrainedPerson> people = new TreeMap<>();
  private final BaseModel base;
  private final FaceDetector detector = new CascadeDetector();
  private FaceGuidance held;
  private HeadshotService service;

  private ServePeople(BaseModel base) {
    this.base = base;
  }

  public static void main(String[] args) throws IOException, InterruptedException {
    if (args.length < 3) {
      throw new IllegalArgumentException("give PORT BASE PERSON-FILE..., e.g. 8080 portrait ada.safetensors");
    }
    List<Path> files = Stream.of(args).skip(2).map(Path::of).toList();
    try (ServePeople serving = open(Integer.parseInt(args[0]), args[1].equals("portrait") ? PortraitModel.files() : Path.of(args[1]),
        files)) {
      System.out.println("http://127.0.0.1:" + serving.port() + "/shoots draws " + String.join(", ", serving.people.keySet()));
      new CountDownLatch(1).await();
    }
  }

  /**
   * Serves whoever is in {@code files}, their faces held where the base in {@code folder} brings what holds them.
   *
   * @throws IllegalArgumentException when two of them have one name
   * @throws dev.likeness.diffusion.error.UnusableInput when one was not learnt on such a base
   */
  static ServePeople open(int port, Path folder, List<Path> files) throws IOException {
    ServePeople serving = new ServePeople(BaseModel.open(folder, Compute.best()));
    try {
      serving.start(port, folder, files);
      return serving;
    } catch (IOException | RuntimeException e) {
      serving.close();
      throw e;
    }
  }

  private void start(int port, Path folder, List<Path> files) throws IOException {
    held = FaceGuidance.in(folder, base, detector).orElse(null);
    for (Path file : files) {
      String name = file.getFileName().toString().replace(ENDING, "");
      if (people.containsKey(name)) {
        throw new IllegalArgumentException(file + " is the second of the name " + name + ", by which people are asked for; rename one");
      }
      people.put(name, TrainedPerson.open(file, base));
    }
    HeadshotStudio studio = HeadshotStudio.on(base).guidance(held);
    service = HeadshotService.start(studio, people, QueueOptions.defaults(), detector, port);
  }

  /** The port it listens on. */
  int port() {
    return service.port();
  }

  @Override
  public void close() {
    if (service != null) {
      service.close();
    }
    people.values().forEach(TrainedPerson::close);
    if (held != null) {
      held.close();
    }
    detector.close();
    base.close();
  }
}
