package dev.likeness.studio.internal.work;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.error.LikenessException;
import dev.likeness.diffusion.internal.access.EngineAccess;
import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.headshots.person.ReferencePhotos;
import dev.likeness.photos.embed.UsePolicy;
import dev.likeness.provenance.Disclosure;
import dev.likeness.vault.Subject;
import dev.likeness.vault.SubjectStore;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.BiConsumer;
import java.util.function.Predicate;
import java.util.function.Supplier;

/** What the studio does, without HTTP: people, photos, trainings, shoots, edits and exports. */
public final class Studio implements AutoCloseable {
  private final Limits limits;
  private final SubjectStore store;
  private final Disclosure disclosure;
  private final Optional<ModelAccess> access;
  private final List<AdapterFiles> adapters;
  private final People people;
  private final Photos photos;
  private final Trainings trainings;
  private final Shoots shoots;
  private final Images images;
  private final Edits edits;
  private final Checks checks;
  private final Exports exports;
  private final Models models;
  private final Playground playground;
  private final ScheduledExecutorService clock =
      Executors.newSingleThreadScheduledExecutor(task -> {
        Thread thread = new Thread(task, "likeness-studio");
        thread.setDaemon(true);
        return thread;
      });
  private volatile BiConsumer<String, Map<String, Object>> listener = (key, event) -> {};
  private volatile Workshop workshop;
  private volatile String failure = "";
  private volatile boolean isClosed;

  /** Limits of the jobs, and the use of their results. */
  public record Limits(long memoryBytes, OptionalInt trainingSteps, UsePolicy policy) {}

  /** Creates a studio without a base; {@link #open} opens it. */
  public Studio(
      SubjectStore store,
      Limits limits,
      Optional<Predicate<byte[]>> samplePhotos,
      Disclosure disclosure,
      Optional<ModelAccess> models,
      List<Path> loras,
      List<AdapterFiles> adapters) {
    this.limits = limits;
    this.store = store;
    this.disclosure = disclosure;
    this.access = models;
    this.adapters = List.copyOf(adapters);
    this.people = new People(this, store);
    this.photos = new Photos(this, samplePhotos);
    this.trainings = new Trainings(this, limits.trainingSteps());
    this.shoots = new Shoots(this);
    this.images = new Images(this);
    this.edits = new Edits(this);
    this.checks = new Checks(this);
    this.exports = new Exports(this);
    this.models = new Models(this, models);
    this.playground = new Playground(this, loras);
  }

  /** Opens the base on another thread, continues unfinished jobs, and purges what is due. */
  public void open(Supplier<BaseModel> base) {
    clock.execute(() -> {
      try {
        Workshop opened = new Workshop(base.get(), limits, disclosure, adapters, access);
        synchronized (this) {
          if (isClosed) {
            opened.close();
            return;
          }
          workshop = opened;
        }
        recover();
      } catch (RuntimeException | LinkageError e) {
        failure = message(e);
      }
      publish("base", Map.of("type", "base"));
    });
    clock.scheduleWithFixedDelay(this::purge, 0, 1, TimeUnit.HOURS);
  }

  private void recover() {
    for (Subject subject : store.subjects()) {
      try {
        trainings.recover(subject);
        shoots.recover(subject);
        edits.recover(subject);
      } catch (LikenessException | IllegalStateException e) {
        // The page shows this person as locked, or the job as queued; the others go on.
        publish("person-" + subject.id(), Map.of("type", "people"));
      }
    }
  }

  private void purge() {
    try {
      store.purgeDue();
    } catch (LikenessException | IllegalStateException e) {
      // The next purge tries again; the list of people says what cannot be read.
      publish("people", Map.of("type", "people"));
    }
  }

  /** Sets what gets the events for pages; an event replaces an unsent one with the same key. */
  public void listen(BiConsumer<String, Map<String, Object>> other) {
    listener = other;
  }

  void publish(String key, Map<String, Object> event) {
    listener.accept(key, event);
  }

  /** Returns the opened base; throws while it is not open. */
  Workshop workshop() {
    Workshop opened = workshop;
    if (opened == null) {
      throw new IllegalStateException(
          failure.isEmpty()
              ? "the base model is being opened; try again in a moment"
              : "the base model cannot be opened: " + failure);
    }
    return opened;
  }

  /** Returns true if the person can be shown in headshots; false while the base is not open. */
  boolean isReady(Subject subject) {
    Workshop opened = workshop;
    return opened != null && opened.isReady(subject);
  }

  /** Returns what can show a person in headshots, the usual first; empty while no base is open. */
  List<Map<String, Object>> identities(Subject subject) {
    Workshop opened = workshop;
    return opened == null ? List.of() : Identities.describe(opened, subject);
  }

  /** Returns the base model's name and state. */
  public Map<String, Object> base() {
    Map<String, Object> base = new LinkedHashMap<>();
    Workshop opened = workshop;
    base.put("state", opened != null ? "ready" : failure.isEmpty() ? "opening" : "failed");
    base.put("message", failure);
    if (opened != null) {
      base.put("name", opened.base().name());
      base.put("width", opened.base().defaults().width());
      base.put("height", opened.base().defaults().height());
      base.put("photographs", EngineAccess.extras(opened.base()).photographs());
      base.put("edits", ReferencePhotos.isEditing(opened.base()));
      base.put("running", opened.queue().running());
      base.put("waiting", opened.queue().waiting());
    }
    return base;
  }

  /** Returns the people of the store. */
  public People people() {
    return people;
  }

  /** Returns the photos of people. */
  public Photos photos() {
    return photos;
  }

  /** Returns the trainings. */
  public Trainings trainings() {
    return trainings;
  }

  /** Returns the shoots. */
  public Shoots shoots() {
    return shoots;
  }

  /** Returns the stored headshots. */
  public Images images() {
    return images;
  }

  /** Returns the edits of headshots. */
  public Edits edits() {
    return edits;
  }

  /** Returns the files to download. */
  public Exports exports() {
    return exports;
  }

  /** Returns what finds models of the catalogue on this machine; empty if nothing does. */
  Optional<ModelAccess> access() {
    return access;
  }

  /** Returns the models of the catalogue. */
  public Models models() {
    return models;
  }

  /** Returns the grids of seeds and settings. */
  public Playground playground() {
    return playground;
  }

  /** Returns where the base runs; empty while it is not open. */
  Optional<Compute> compute() {
    return Optional.ofNullable(workshop).map(opened -> opened.base().compute());
  }

  /** Returns what marks headshots and exported files. */
  Disclosure disclosure() {
    return disclosure;
  }

  Checks checks() {
    return checks;
  }

  /** Forgets what was measured of a person whose training ended. */
  void changed(Subject subject) {
    checks.forget(subject);
    photos.forget(subject);
    publish("person-" + subject.id(), Map.of("type", "people"));
  }

  /** Forgets a person who is about to be erased. */
  void forget(Subject subject) {
    trainings.forget(subject);
    shoots.forget(subject);
    checks.forget(subject);
    photos.forget(subject);
  }

  /** Returns the reason of a failure in one line for the page. */
  String message(Throwable cause) {
    return cause instanceof LikenessException || cause instanceof IllegalArgumentException
        ? String.valueOf(cause.getMessage())
        : "an unexpected failure (" + cause.getClass().getSimpleName()
            + "); try again, and report it if it stays";
  }

  /** Stops the jobs and closes the base. */
  @Override
  public void close() {
    synchronized (this) {
      isClosed = true;
    }
    clock.shutdown();
    models.close();
    Workshop opened = workshop;
    if (opened != null) {
      opened.close();
    }
  }
}
