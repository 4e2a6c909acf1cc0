package dev.likeness.studio.internal.work;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.GeneratedImage;
import dev.likeness.diffusion.error.CancelledException;
import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.internal.access.EngineAccess;
import dev.likeness.diffusion.request.ImageRequest;
import dev.likeness.diffusion.request.ProgressEvent;
import dev.likeness.diffusion.request.ReferenceImages;
import dev.likeness.diffusion.request.Run;
import dev.likeness.headshots.GenerationJob;
import dev.likeness.headshots.GenerationQueue;
import dev.likeness.headshots.person.ReferencePhotos;
import dev.likeness.headshots.shoot.ShootRequest;
import dev.likeness.headshots.style.Style;
import dev.likeness.lora.Lora;
import dev.likeness.photos.decode.PhotoDecoder;
import dev.likeness.schedulers.PlanRequest;
import dev.likeness.schedulers.Prediction;
import dev.likeness.schedulers.SamplingPlan;
import dev.likeness.schedulers.SchedulerConfig;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CopyOnWriteArrayList;

/**
 * Generates grids of seeds and settings on the base, without a person. The images and references
 * are kept in memory only: the next grid, or the end of the process, removes them.
 */
public final class Playground {
  /** The largest number of images of a grid. */
  public static final int MAX_IMAGES = 64;

  /** The largest number of reference images. */
  public static final int MAX_REFERENCES = 4;

  private static final int MAX_STEPS = 150;
  private static final int MAX_WORDS = 2000;
  private static final int PREVIEWS = 10;

  private final Studio studio;
  private final List<Path> loras;
  private final List<Reference> references = new CopyOnWriteArrayList<>();
  private volatile Grid newest;

  Playground(Studio studio, List<Path> loras) {
    this.studio = studio;
    this.loras = List.copyOf(loras);
  }

  /**
   * What a grid asks for.
   *
   * @param axis what differs from row to row: steps, guidance, scheduler or lora (the weight of all
   *     LoRAs); empty for one row
   * @param values the values of the rows
   * @param loras the weight of each LoRA, by its name
   * @param guidance the guidance scale; NaN for that of the base
   * @param showsReferences true to show the base the reference images
   */
  public record Order(
      String prompt,
      String negative,
      String scheduler,
      int steps,
      double guidance,
      long seed,
      int count,
      String axis,
      List<String> values,
      Map<String, Double> loras,
      boolean showsReferences) {}

  /** A reference image with the name of its file. */
  record Reference(String name, RgbImage image) {}

  /** The settings of one row. */
  record Row(
      String label, String scheduler, int steps, double guidance, Map<String, Double> loras) {}

  /** A grid in this process. */
  private static final class Grid {
    final Order order;
    final List<Row> rows;
    final List<Reference> references;
    final List<byte[]> images = new CopyOnWriteArrayList<>();
    final Map<String, Lora> opened = new LinkedHashMap<>();
    volatile GenerationJob<?> job;
    volatile String state = "queued";
    volatile String message = "";
    volatile int step;
    volatile int steps;
    volatile int row;
    volatile RgbImage preview;
    volatile boolean isStopped;

    Grid(Order order, List<Row> rows, List<Reference> references) {
      this.order = order;
      this.rows = rows;
      this.references = references;
    }

    int size() {
      return rows.size() * order.count;
    }

    boolean isBusy() {
      return state.matches("queued|running");
    }
  }

  /** Returns what can be chosen, and the newest grid. */
  public Map<String, Object> describe() {
    BaseModel base = studio.workshop().base();
    Map<String, Object> result = new LinkedHashMap<>();
    result.put("schedulers", List.copyOf(SchedulerConfig.classNames()));
    result.put("scheduler", base.scheduler().className());
    result.put("steps", base.defaults().steps());
    result.put("guidance", base.defaults().guidance());
    result.put("loras", loras.stream().map(Playground::name).toList());
    result.put("edits", ReferencePhotos.isEditing(base));
    result.put("references", references.size());
    result.put("most", MAX_IMAGES);
    Grid grid = newest;
    if (grid != null) {
      result.put("grid", describe(base, grid));
    }
    return result;
  }

  private Map<String, Object> describe(BaseModel base, Grid grid) {
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("state", grid.state);
    map.put("message", grid.message);
    map.put("rows", grid.rows.stream().map(Row::label).toList());
    map.put("axis", grid.order.axis);
    map.put("count", grid.order.count);
    map.put("seed", grid.order.seed);
    map.put("done", grid.images.size());
    map.put("step", grid.step);
    map.put("steps", grid.steps);
    map.put("preview", grid.preview == null ? 0 : grid.row);
    RequestText text = new RequestText(
        base,
        grid.order,
        this::file,
        grid.references.stream().map(Reference::name).toList());
    map.put("command", text.command(grid.rows));
    map.put("java", text.java(grid.rows));
    return map;
  }

  private static String name(Path lora) {
    return lora.getFileName().toString();
  }

  private Path file(String name) {
    return loras.stream()
        .filter(lora -> name(lora).equals(name))
        .findFirst()
        .orElseThrow(() -> new IllegalArgumentException(
            "the studio has no LoRA with this name;" + " start it with --lora FILE for each file"));
  }

  /** Returns the rows of the sampling plan of a scheduler: timestep, alpha and sigma of each. */
  public Map<String, Object> sigmas(String scheduler, int steps) {
    requireSteps(steps);
    BaseModel base = studio.workshop().base();
    SchedulerConfig own = base.scheduler();
    SchedulerConfig chosen = scheduler.isEmpty() ? own : own.withCompatible(scheduler);
    ImageRequest request = ImageRequest.of("")
        .steps(steps)
        .size(base.defaults().width(), base.defaults().height());
    SamplingPlan plan =
        chosen.plan(EngineAccess.model(base).adjustPlan(PlanRequest.of(steps), request, chosen));
    boolean isFlow = chosen.prediction() == Prediction.FLOW;
    List<Map<String, Object>> rows = new ArrayList<>();
    plan.forEach(row -> {
      double alpha = row.level().alpha();
      double sigma = row.level().sigma();
      // As k-diffusion and ComfyUI count: the noise of a sample whose signal is 1.
      double shown = isFlow || alpha == 0 ? sigma : sigma / alpha;
      rows.add(Map.of("row", row.index() + 1, "timestep", row.timestep(), "sigma", shown));
    });
    return Map.of("scheduler", chosen.className(), "rows", rows);
  }

  private static void requireSteps(int steps) {
    if (steps < 1 || steps > MAX_STEPS) {
      throw new IllegalArgumentException(
          "the number of steps must be 1 to " + MAX_STEPS + ", got " + steps);
    }
  }

  /**
   * Adds a reference image for bases that edit images.
   *
   * @param name the name of the file, for the command line of a grid; it never becomes a path
   */
  public Map<String, Object> addReference(String name, byte[] file) {
    ReferencePhotos.requireEditing(studio.workshop().base());
    RgbImage image =
        new PhotoDecoder(Photos.LIMITS).decode("the reference image", file).image();
    synchronized (references) {
      if (references.size() >= MAX_REFERENCES) {
        throw new InvalidInputException("there are " + MAX_REFERENCES
            + " reference images, which is the limit; remove them before you add more");
      }
      references.add(new Reference(Photos.shortened(name), image));
    }
    return Map.of("references", references.size());
  }

  /** Removes the reference images. */
  public void removeReferences() {
    references.clear();
  }

  /** Starts a grid in place of the one before. */
  public synchronized Map<String, Object> start(Order order) {
    Workshop workshop = studio.workshop();
    if (newest != null && newest.isBusy()) {
      throw new IllegalStateException("a grid is being generated; wait, or stop it");
    }
    if (order.prompt.length() > MAX_WORDS || order.negative.length() > MAX_WORDS) {
      throw new IllegalArgumentException(
          "a prompt may have at most " + MAX_WORDS + " characters; give a shorter one");
    }
    List<Row> rows = rows(order);
    if (order.count < 1 || (long) rows.size() * order.count > MAX_IMAGES) {
      throw new IllegalArgumentException("a grid has 1 to " + MAX_IMAGES + " images, got "
          + rows.size() + " rows of " + order.count);
    }
    for (Row row : rows) {
      requireSteps(row.steps);
      row.loras.keySet().forEach(this::file);
      workshop.base().validate(plain(order, row));
    }
    // A grid keeps the references of its start, whatever is added or removed meanwhile.
    Grid grid = new Grid(order, rows, order.showsReferences ? List.copyOf(references) : List.of());
    newest = grid;
    try {
      next(workshop, grid);
    } catch (RuntimeException e) {
      // A queue without room must not leave a grid that nobody can stop.
      finish(grid, "failed", studio.message(e));
      throw e;
    }
    return describe();
  }

  private static List<Row> rows(Order order) {
    Row plain = new Row("", order.scheduler, order.steps, order.guidance, order.loras);
    if (order.axis.isEmpty()) {
      return List.of(plain);
    }
    if (order.values.isEmpty()) {
      throw new IllegalArgumentException(
          "the rows of the grid have no values; give some, or choose no axis");
    }
    if (order.axis.equals("lora") && order.loras.isEmpty()) {
      throw new IllegalArgumentException(
          "the rows differ in the weight of all LoRAs, but no LoRA has"
              + " a weight; give a weight to at least one LoRA, or choose another axis");
    }
    return order.values.stream().map(value -> row(plain, order.axis, value)).toList();
  }

  private static Row row(Row plain, String axis, String value) {
    String text = value.strip();
    try {
      return switch (axis) {
        case "scheduler" -> new Row(text, text, plain.steps, plain.guidance, plain.loras);
        case "steps" ->
          new Row(text, plain.scheduler, Integer.parseInt(text), plain.guidance, plain.loras);
        case "guidance" ->
          new Row(text, plain.scheduler, plain.steps, Double.parseDouble(text), plain.loras);
        case "lora" -> {
          Map<String, Double> weights = new LinkedHashMap<>(plain.loras);
          weights.replaceAll((name, weight) -> Double.parseDouble(text));
          yield new Row(text, plain.scheduler, plain.steps, plain.guidance, weights);
        }
        default ->
          throw new IllegalArgumentException(
              "unknown axis; known: steps, guidance, scheduler, lora");
      };
    } catch (NumberFormatException e) {
      throw new IllegalArgumentException(
          "a value of the axis " + axis + " is not a number; separate numbers by commas", e);
    }
  }

  /** Returns the request of a row without its LoRAs, references and seed. */
  private static ImageRequest plain(Order order, Row row) {
    ImageRequest request = ImageRequest.of(order.prompt).steps(row.steps);
    request = order.negative.isBlank() ? request : request.negative(order.negative);
    request = row.scheduler.isBlank() ? request : request.scheduler(row.scheduler);
    return Double.isNaN(row.guidance) ? request : request.guidance(row.guidance);
  }

  private void next(Workshop workshop, Grid grid) {
    int index = grid.images.size();
    if (index == grid.size()) {
      finish(grid, "done", "");
      return;
    }
    Row row = grid.rows.get(index / grid.order.count);
    long seed = grid.order.seed + index % grid.order.count;
    grid.step = 0;
    grid.preview = null;
    GenerationJob<GeneratedImage> job = workshop
        .queue()
        .submit(
            run -> generate(workshop, grid, row, seed, run),
            workshop.studio().memoryBytes(ShootRequest.of(Style.defaults().get(0), 1)),
            GenerationQueue.DEFAULT_PRIORITY,
            event -> onEvent(grid, event),
            Duration.ZERO);
    grid.job = job;
    job.toCompletableFuture()
        .whenComplete((image, failure) -> ended(workshop, grid, image, failure));
    publish(grid);
  }

  private GeneratedImage generate(Workshop workshop, Grid grid, Row row, long seed, Run run) {
    grid.state = "running";
    ImageRequest request = plain(grid.order, row).seed(seed);
    for (Map.Entry<String, Double> lora : row.loras.entrySet()) {
      Lora opened = grid.opened.computeIfAbsent(
          lora.getKey(), name -> Lora.open(file(name), workshop.base(), run));
      request = request.adapter(opened.at(lora.getValue()));
    }
    if (!grid.references.isEmpty()) {
      // Without a size, the image would have that of the first reference.
      request = request
          .size(workshop.base().defaults().width(), workshop.base().defaults().height())
          .referenceImages(ReferenceImages.NONE.images(
              grid.references.stream().map(Reference::image).toList()));
    }
    ImageRequest whole = request;
    ImageRequest watched = workshop
        .previews()
        .map(decoder ->
            decoder.attach(whole, Math.max(1, row.steps / PREVIEWS), (number, images) -> {
              grid.preview = images.get(0);
              grid.row = number;
              publish(grid);
            }))
        .orElse(whole);
    return workshop.base().generate(watched, run);
  }

  private void onEvent(Grid grid, ProgressEvent event) {
    if (event instanceof ProgressEvent.Step step) {
      grid.step = step.step();
      grid.steps = step.steps();
      publish(grid);
    }
  }

  private void ended(Workshop workshop, Grid grid, GeneratedImage image, Throwable failure) {
    Throwable cause = failure instanceof CompletionException wrapped ? wrapped.getCause() : failure;
    try {
      if (cause == null) {
        grid.images.add(studio.disclosure().edited(image.isEdited()).encodePng(image.image()));
        if (grid.isStopped) {
          finish(grid, "stopped", "");
        } else {
          next(workshop, grid);
        }
      } else if (cause instanceof CancelledException || cause instanceof CancellationException) {
        finish(grid, "stopped", "");
      } else {
        finish(grid, "failed", studio.message(cause));
      }
    } catch (RuntimeException e) {
      finish(grid, "failed", studio.message(e));
    }
  }

  private void finish(Grid grid, String state, String message) {
    grid.preview = null;
    grid.message = message;
    grid.opened.values().forEach(Lora::close);
    grid.opened.clear();
    grid.state = state;
    publish(grid);
  }

  private void publish(Grid grid) {
    studio.publish(
        "playground",
        Map.of(
            "type",
            "playground",
            "done",
            grid.images.size(),
            "step",
            grid.step,
            "steps",
            grid.steps,
            "state",
            grid.state,
            "preview",
            grid.preview == null ? 0 : grid.row));
  }

  /** Continues a stopped or failed grid with its next image. */
  public synchronized void resume() {
    Grid grid = newest;
    if (grid == null || !grid.state.matches("stopped|failed")) {
      throw new IllegalStateException("no grid is stopped; start one");
    }
    grid.isStopped = false;
    grid.message = "";
    grid.state = "queued";
    try {
      next(studio.workshop(), grid);
    } catch (RuntimeException e) {
      finish(grid, "failed", studio.message(e));
      throw e;
    }
  }

  /** Stops the grid; finished images stay. */
  public void stop() {
    Grid grid = newest;
    if (grid == null || !grid.isBusy() || grid.job == null) {
      throw new IllegalStateException("no grid is being generated");
    }
    grid.isStopped = true;
    grid.job.cancel();
  }

  /** Returns an image of the newest grid, from 1: the seeds of the first row, then the next row. */
  public byte[] image(int number) {
    Grid grid = newest;
    if (grid == null || number > grid.images.size()) {
      throw new UnknownResourceException("the newest grid has no image " + number);
    }
    return grid.images.get(number - 1);
  }

  /** Returns the newest preview of the image that is being generated. */
  public byte[] preview() {
    return Optional.ofNullable(newest)
        .map(grid -> grid.preview)
        .orElseThrow(() -> new UnknownResourceException("there is no preview now"))
        .toPng();
  }
}
