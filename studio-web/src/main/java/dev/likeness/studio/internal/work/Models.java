package dev.likeness.studio.internal.work;

import dev.likeness.diffusion.catalogue.CatalogueModel;
import dev.likeness.diffusion.catalogue.ModelCatalogue;
import dev.likeness.diffusion.error.CancelledException;
import dev.likeness.diffusion.request.Cancellation;
import dev.likeness.diffusion.request.ProgressEvent;
import dev.likeness.diffusion.request.Run;
import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.diffusion.tensor.DeviceMemory;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.stream.Stream;

/** The models of the catalogue: what is here, what fits, what it may be used for, and downloads. */
public final class Models implements AutoCloseable {
  private final Studio studio;
  private final Optional<ModelAccess> source;
  private final Map<String, Live> downloads = new ConcurrentHashMap<>();
  private final Map<String, ModelAccess.Plan> plans = new ConcurrentHashMap<>();
  private final Map<Path, Long> sizes = new ConcurrentHashMap<>();
  // One download after the other: each uses the whole line.
  private final ExecutorService line = Executors.newSingleThreadExecutor(task -> {
    Thread thread = new Thread(task, "likeness-studio-models");
    thread.setDaemon(true);
    return thread;
  });

  Models(Studio studio, Optional<ModelAccess> source) {
    this.studio = studio;
    this.source = source;
  }

  /** A download in this process. */
  private static final class Live extends LiveSteps {
    final Cancellation cancellation = new Cancellation();
    volatile String state = "queued";
    volatile String message = "";
  }

  /** Returns all models of the catalogue, those on this machine first. */
  public Map<String, Object> list() {
    long memory = DeviceMemory.find(studio.compute().orElse(Compute.of("cpu", "f32")))
        .map(DeviceMemory::total)
        .orElse(DeviceMemory.UNKNOWN);
    List<Map<String, Object>> here = new ArrayList<>();
    List<Map<String, Object>> others = new ArrayList<>();
    for (CatalogueModel model : ModelCatalogue.builtIn().models()) {
      Map<String, Object> described = describe(model, memory);
      (Boolean.TRUE.equals(described.get("here")) ? here : others).add(described);
    }
    here.addAll(others);
    Map<String, Object> result = new LinkedHashMap<>();
    result.put("models", here);
    result.put("can_get", source.isPresent());
    if (memory != DeviceMemory.UNKNOWN) {
      result.put("memory_bytes", memory);
    }
    return result;
  }

  private Map<String, Object> describe(CatalogueModel model, long memory) {
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("name", model.name());
    map.put("role", model.role().label());
    map.put("address", model.address());
    model.family().ifPresent(family -> map.put("family", family));
    map.put("purpose", model.purpose());
    model.licence().ifPresent(licence -> {
      map.put("licence", licence.name());
      map.put("commercial", licence.commercial().name().toLowerCase(Locale.ROOT));
    });
    model.size().ifPresent(size -> map.put("size", size));
    model.steps().ifPresent(steps -> map.put("steps", steps));
    map.put(
        "sources",
        model.sources().stream()
            .map(from -> Map.of("page", from.page(), "read", from.read().toString()))
            .toList());
    Optional<Path> place = source.flatMap(from -> from.find().apply(model));
    map.put("here", place.isPresent());
    Optional<ModelAccess.Plan> plan = Optional.ofNullable(plans.get(model.name()));
    Optional<Long> bytes = place.map(this::size).or(() -> plan.map(ModelAccess.Plan::bytes));
    bytes.ifPresent(count -> {
      map.put("bytes", count);
      if (memory != DeviceMemory.UNKNOWN) {
        map.put("fits", count < memory);
      }
    });
    if (place.isEmpty()) {
      plan.ifPresent(known -> {
        map.put("host", known.host());
        map.put("missing_bytes", known.missingBytes());
        known.licence().ifPresent(stated -> map.put("stated_licence", stated));
      });
    }
    Live live = downloads.get(model.name());
    if (live != null) {
      Map<String, Object> download = new LinkedHashMap<>();
      download.put("state", live.state);
      live.putStepsAndTime(download);
      if (!live.message.isEmpty()) {
        download.put("message", live.message);
      }
      map.put("download", download);
    }
    return map;
  }

  /** Returns the bytes of the files of a model; links of the cache count as their files. */
  private long size(Path place) {
    return sizes.computeIfAbsent(place, path -> {
      try (Stream<Path> files = Files.walk(path)) {
        return files.filter(Files::isRegularFile).mapToLong(Models::length).sum();
      } catch (IOException | UncheckedIOException e) {
        throw JobFile.unreadable(e);
      }
    });
  }

  private static long length(Path file) {
    try {
      return Files.size(file);
    } catch (IOException e) {
      throw JobFile.unreadable(e);
    }
  }

  private static CatalogueModel model(String name) {
    return ModelCatalogue.builtIn().models().stream()
        .filter(model -> model.name().equals(name))
        .findFirst()
        .orElseThrow(() -> new UnknownResourceException("the catalogue has no model " + name));
  }

  private ModelAccess source() {
    return source.orElseThrow(() -> new IllegalStateException(
        "this studio downloads nothing; get models with the command: likeness models get NAME"));
  }

  /** Asks the host of a model for the size of the download. */
  public void plan(String name) {
    CatalogueModel model = model(name);
    plans.put(name, source().plan().apply(model));
  }

  /** Downloads a model whose size was asked for before. */
  public void get(String name) {
    CatalogueModel model = model(name);
    ModelAccess from = source();
    if (!plans.containsKey(name)) {
      throw new IllegalStateException("ask for the size of this download first: action plan");
    }
    Live live = new Live();
    Live now = downloads.compute(
        name,
        (key, before) -> before != null && before.state.matches("queued|running") ? before : live);
    if (now != live) {
      throw new IllegalStateException("this model is already being downloaded");
    }
    line.execute(() -> download(model, from, live));
    publish(model);
  }

  private void download(CatalogueModel model, ModelAccess from, Live live) {
    try {
      live.cancellation.throwIfCancelled();
      live.state = "running";
      publish(model);
      from.get().accept(model, new Run(event -> onEvent(model, live, event), live.cancellation));
      downloads.remove(model.name(), live);
      plans.remove(model.name());
    } catch (CancelledException stopped) {
      live.state = "paused";
    } catch (RuntimeException e) {
      live.state = "failed";
      live.message = studio.message(e);
    }
    publish(model);
  }

  private void onEvent(CatalogueModel model, Live live, ProgressEvent event) {
    if (event instanceof ProgressEvent.Step step) {
      live.at(step);
      publish(model);
    }
  }

  private void publish(CatalogueModel model) {
    studio.publish("model-" + model.name(), Map.of("type", "model", "model", model.name()));
  }

  /** Stops a download; what has come stays, and a later download continues. */
  public void pause(String name) {
    Live live = downloads.get(model(name).name());
    if (live == null || !live.state.matches("queued|running")) {
      throw new IllegalStateException("this model is not being downloaded");
    }
    live.cancellation.cancel();
  }

  /** Stops all downloads. */
  @Override
  public void close() {
    downloads.values().forEach(live -> live.cancellation.cancel());
    line.shutdown();
  }
}
