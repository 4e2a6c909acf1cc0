package dev.likeness.studio.internal.work;

import dev.likeness.diffusion.catalogue.CatalogueModel;
import dev.likeness.diffusion.error.CancelledException;
import dev.likeness.diffusion.internal.access.EngineAccess;
import dev.likeness.diffusion.internal.family.TrainingTarget;
import dev.likeness.diffusion.request.ProgressEvent;
import dev.likeness.headshots.GenerationJob;
import dev.likeness.headshots.GenerationQueue;
import dev.likeness.headshots.HeadshotStudio;
import dev.likeness.headshots.person.ReferencePhotos;
import dev.likeness.ipadapter.IpAdapterFile;
import dev.likeness.lora.LoraTrainer;
import dev.likeness.lora.training.TrainingPreset;
import dev.likeness.lora.training.TrainingSettings;
import dev.likeness.vault.DataCategory;
import dev.likeness.vault.Subject;
import dev.likeness.vault.SubjectErasedException;
import dev.likeness.vault.SubjectStudio;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentHashMap;

/** Trains people, and continues trainings that a stopped process left. */
public final class Trainings {
  static final String FILE = "studio-training.json";
  private static final String STATE = "state";
  private static final String LORA = "lora";
  private static final String REFERENCES = "references";
  private static final String ADAPTER = "adapter";
  private static final int MAX_POINTS = 400;
  private static final int MIN_VALIDATED = 5;
  private static final int VALIDATIONS = 5;

  private final Studio studio;
  private final OptionalInt fixedSteps;
  private final Map<String, Live> running = new ConcurrentHashMap<>();
  private final TrainingSpeed speed = new TrainingSpeed();
  private final AdapterSpeed adapterSpeed = new AdapterSpeed();

  Trainings(Studio studio, OptionalInt fixedSteps) {
    this.studio = studio;
    this.fixedSteps = fixedSteps;
  }

  /** A training in this process, with what its page shows. */
  private static final class Live extends LiveJob {
    final Map<String, Object> plan;
    volatile boolean isPaused;
    String phase = "";
    long firstStepAt;
    int firstStep;
    final List<Map<String, Object>> losses = new ArrayList<>();
    final List<Map<String, Object>> likeness = new ArrayList<>();
    final List<String> notices = new ArrayList<>();
    byte[] preview;

    Live(Map<String, Object> plan) {
      this.plan = plan;
    }
  }

  /**
   * What a training does.
   *
   * @param method lora, references or adapter
   * @param preset the duration of a training
   * @param hasPreviews true to generate previews and measure likeness meanwhile
   * @param photo the id of a photo that shows the person; may be empty
   * @param adapter the name of the adapter's file; may be empty for other methods
   */
  public record Plan(
      String method, String preset, boolean hasPreviews, String photo, String adapter) {}

  /** Returns the methods that the base has, with duration and memory, and the state. */
  public Map<String, Object> describe(String person) {
    Subject subject = studio.people().subject(person);
    Workshop workshop = studio.workshop();
    int photos = Photos.files(subject).size();
    Map<String, Object> result = new LinkedHashMap<>();
    result.put("photos", photos);
    List<Map<String, Object>> methods = new ArrayList<>();
    boolean isTrainable =
        EngineAccess.model(workshop.base()).capability(TrainingTarget.class).isPresent();
    if (isTrainable) {
      for (TrainingPreset preset : TrainingPreset.values()) {
        methods.add(method(workshop, preset, photos));
      }
    }
    if (ReferencePhotos.isEditing(workshop.base())) {
      methods.add(Map.of("method", REFERENCES, "preset", ""));
    }
    for (Adapters.Offer offer : workshop.adapters().offers()) {
      methods.add(method(workshop, offer, photos));
    }
    result.put("methods", methods);
    if (photos > 0 && running.isEmpty() && isTrainable) {
      speed.measure(
          workshop,
          settings(workshop, TrainingPreset.BALANCED, photos),
          () -> studio.publish("speed", Map.of("type", "base")));
    }
    result.put("previews", workshop.embedder().isPresent() && photos >= MIN_VALIDATED);
    result.put("trained", studio.isReady(subject));
    result.put(STATE, state(subject));
    Live live = running.get(person);
    if (live != null) {
      synchronized (live) {
        result.put("progress", progress(live));
        result.put("losses", List.copyOf(live.losses));
        result.put("likeness", List.copyOf(live.likeness));
        result.put("notices", List.copyOf(live.notices));
        result.put("preview", live.preview != null);
      }
    }
    plan(subject).ifPresent(plan -> {
      result.put("plan", plan);
      if (plan.get("message") instanceof String message) {
        result.put("message", message);
      }
    });
    return result;
  }

  private Map<String, Object> method(Workshop workshop, TrainingPreset preset, int photos) {
    TrainingSettings settings = settings(workshop, preset, Math.max(1, photos));
    Map<String, Object> method = new LinkedHashMap<>();
    method.put("method", LORA);
    method.put("preset", preset.name().toLowerCase(Locale.ROOT));
    method.put("steps", settings.steps());
    method.put("memory_bytes", memory(workshop, settings));
    if (!Double.isNaN(speed.secondsPerStep())) {
      method.put("expected_seconds", Math.round(settings.steps() * speed.secondsPerStep()));
    }
    return method;
  }

  private Map<String, Object> method(Workshop workshop, Adapters.Offer offer, int photos) {
    Map<String, Object> method = new LinkedHashMap<>();
    method.put("method", ADAPTER);
    method.put("preset", "");
    method.put(ADAPTER, offer.id());
    method.put("title", offer.kind().map(IpAdapterFile.Kind::title).orElse(""));
    method.put("usable", offer.isUsable());
    method.put("missing", offer.missing());
    method.put("weaker", offer.isWeaker());
    offer
        .refusal()
        .or(() -> adapterSpeed.failure(offer))
        .ifPresent(reason -> method.put("refusal", reason));
    offer.model().flatMap(CatalogueModel::licence).ifPresent(licence -> {
      method.put("licence", licence.name());
      method.put("commercial", licence.commercial().name().toLowerCase(Locale.ROOT));
    });
    if (offer.isUsable()) {
      method.put("memory_bytes", workshop.adapters().memory(offer));
      method.put("measuring", adapterSpeed.isMeasuring(offer));
      adapterSpeed
          .seconds(offer, Math.max(1, photos))
          .ifPresent(seconds -> method.put("expected_seconds", (long) Math.ceil(seconds)));
    }
    return method;
  }

  /** Measures how long an adapter takes, without any photo. */
  public void measure(String person, String adapter) {
    studio.people().subject(person);
    adapterSpeed.measure(
        studio,
        studio.workshop().adapters().require(adapter),
        () -> studio.publish("speed", Map.of("type", "base")));
  }

  private TrainingSettings settings(Workshop workshop, TrainingPreset preset, int photos) {
    TrainingSettings settings = preset
        .of(workshop.base(), photos)
        .captions(workshop.studio().trainer().settings(photos).captions().toArray(String[]::new));
    return fixedSteps.isPresent() ? settings.steps(fixedSteps.getAsInt()) : settings;
  }

  private static long memory(Workshop workshop, TrainingSettings settings) {
    return new LoraTrainer(settings).memory(workshop.base()).bytes();
  }

  private static Map<String, Object> progress(Live live) {
    Map<String, Object> progress = new LinkedHashMap<>();
    progress.put("phase", live.phase);
    live.putStepsAndTime(progress);
    return progress;
  }

  /** Returns the state: none, queued, running, paused, failed or done. */
  String state(Subject subject) {
    Live live = running.get(subject.id());
    if (live != null) {
      return live.state();
    }
    return plan(subject)
        .map(plan -> String.valueOf(plan.get(STATE)))
        .map(LiveJob::storedState)
        .orElse("none");
  }

  boolean isBusy(Subject subject) {
    return running.containsKey(subject.id());
  }

  private static Optional<Map<String, Object>> plan(Subject subject) {
    return JobFile.read(subject, DataCategory.TRAINING_STATES, FILE);
  }

  /** Starts a training. */
  public void start(String person, Plan asked) {
    Subject subject = studio.people().subject(person);
    Workshop workshop = studio.workshop();
    int photos = Photos.files(subject).size();
    if (photos == 0) {
      throw new IllegalStateException("this person has no photos; add photos first");
    }
    if (!List.of(LORA, REFERENCES, ADAPTER).contains(asked.method)) {
      throw new IllegalArgumentException("unknown method; known: lora, references, adapter");
    }
    boolean isKnown = Arrays.stream(TrainingPreset.values())
        .anyMatch(preset -> preset.name().equalsIgnoreCase(asked.preset));
    if (asked.method.equals(LORA) && !isKnown) {
      throw new IllegalArgumentException("unknown preset; known: quick, balanced, best");
    }
    if (asked.method.equals(REFERENCES)) {
      ReferencePhotos.requireEditing(workshop.base());
    }
    if (asked.method.equals(ADAPTER)) {
      workshop.adapters().require(asked.adapter);
    }
    Map<String, Object> plan = new LinkedHashMap<>();
    plan.put("method", asked.method);
    plan.put("preset", asked.preset);
    if (asked.method.equals(ADAPTER)) {
      plan.put(ADAPTER, asked.adapter);
    }
    plan.put("previews", asked.hasPreviews && photos >= MIN_VALIDATED);
    plan.put("photos", photos);
    if (!asked.photo.isEmpty()) {
      plan.put("shown", studio.photos().name(subject, asked.photo));
    }
    submit(subject, plan);
  }

  /** Continues a paused or failed training. */
  public void resume(String person) {
    Subject subject = studio.people().subject(person);
    Map<String, Object> plan = plan(subject)
        .orElseThrow(() -> new IllegalStateException("no training is paused; start one"));
    submit(subject, plan);
  }

  /** Continues the training that a stopped process left, if there is one. */
  void recover(Subject subject) {
    plan(subject).filter(plan -> "queued".equals(plan.get(STATE))).ifPresent(plan -> {
      if (Photos.files(subject).isEmpty() && studio.isReady(subject)) {
        // It had ended: the result is stored, and the photos are removed.
        JobFile.delete(subject, DataCategory.TRAINING_STATES, FILE);
      } else {
        submit(subject, plan);
      }
    });
  }

  private void submit(Subject subject, Map<String, Object> plan) {
    Workshop workshop = studio.workshop();
    Live live = new Live(plan);
    if (running.putIfAbsent(subject.id(), live) != null) {
      throw new IllegalStateException("this person is already in training");
    }
    try {
      speed.stop();
      boolean trains = LORA.equals(plan.get("method"));
      Optional<Adapters.Offer> adapter = ADAPTER.equals(plan.get("method"))
          ? Optional.of(workshop.adapters().require(String.valueOf(plan.get(ADAPTER))))
          : Optional.empty();
      HeadshotStudio with = trains ? studio(workshop, plan) : workshop.studio();
      plan.put(STATE, "queued");
      plan.remove("message");
      JobFile.write(subject, DataCategory.TRAINING_STATES, FILE, plan);
      SubjectStudio plain = workshop.subjects(with);
      SubjectStudio subjects =
          plan.get("shown") instanceof String shown ? plain.personIn(shown) : plain;
      GenerationJob<Void> job = workshop
          .queue()
          .submit(
              run -> {
                if (trains) {
                  subjects.train(subject, run);
                } else if (adapter.isPresent()) {
                  workshop.adapters().with(adapter.get(), open -> {
                    subjects.adapter(open.adapter(), open::settings).encodePhotos(subject, run);
                    return null;
                  });
                } else {
                  subjects.chooseReferences(subject, ReferencePhotos.DEFAULT, run);
                }
                return null;
              },
              trains
                  ? memory(workshop, settings(workshop, plan))
                  : Math.max(1, adapter.map(workshop.adapters()::memory).orElse(0L)),
              GenerationQueue.DEFAULT_PRIORITY,
              event -> onEvent(subject, live, event),
              Duration.ZERO);
      live.job = job;
      job.toCompletableFuture().whenComplete((done, failure) -> ended(subject, live, failure));
    } catch (RuntimeException e) {
      running.remove(subject.id(), live);
      throw e;
    }
    publish(subject, live);
  }

  private TrainingSettings settings(Workshop workshop, Map<String, Object> plan) {
    TrainingPreset preset =
        TrainingPreset.valueOf(String.valueOf(plan.get("preset")).toUpperCase(Locale.ROOT));
    return settings(workshop, preset, ((Number) plan.get("photos")).intValue());
  }

  private HeadshotStudio studio(Workshop workshop, Map<String, Object> plan) {
    TrainingSettings settings = settings(workshop, plan);
    HeadshotStudio studio = workshop.studio().training(settings);
    return Boolean.TRUE.equals(plan.get("previews")) && workshop.embedder().isPresent()
        ? studio.validation(
            Math.max(1, settings.steps() / VALIDATIONS), workshop.embedder().get())
        : studio;
  }

  private void onEvent(Subject subject, Live live, ProgressEvent event) {
    synchronized (live) {
      if (event instanceof ProgressEvent.Phase phase) {
        live.phase = phase.name();
        live.begin(phase.steps());
        live.firstStepAt = 0;
      } else if (event instanceof ProgressEvent.Step step) {
        onStep(live, step);
      } else if (event instanceof ProgressEvent.Preview preview) {
        live.likeness.add(Map.of("step", preview.step(), "score", preview.score()));
        if (!preview.images().isEmpty()) {
          live.preview = preview.images().get(0).toPng();
        }
      } else if (event instanceof ProgressEvent.Notice notice) {
        live.notices.add(notice.message());
      } else {
        return;
      }
    }
    publish(subject, live);
  }

  private void onStep(Live live, ProgressEvent.Step step) {
    long now = System.nanoTime();
    if (live.firstStepAt == 0 || !live.phase.equals(step.phase())) {
      live.firstStepAt = now;
      live.firstStep = step.step();
    }
    live.phase = step.phase();
    live.at(step);
    if (step.loss().isPresent()) {
      live.losses.add(Map.of("step", step.step(), "loss", step.loss().getAsDouble()));
      for (int i = MAX_POINTS - 1; live.losses.size() > MAX_POINTS && i > 0; i -= 2) {
        live.losses.remove(i);
      }
      if (step.step() > live.firstStep) {
        speed.record((now - live.firstStepAt) / 1e9 / (step.step() - live.firstStep));
      }
    }
  }

  private void publish(Subject subject, Live live) {
    Map<String, Object> event = new LinkedHashMap<>();
    event.put("type", "training");
    event.put("person", subject.id());
    synchronized (live) {
      event.put("progress", progress(live));
    }
    studio.publish("training-" + subject.id(), event);
  }

  private void ended(Subject subject, Live live, Throwable failure) {
    running.remove(subject.id(), live);
    try {
      settle(subject, live, failure);
    } catch (SubjectErasedException | IllegalStateException gone) {
      // The person was erased or the store was closed; there is nothing to record.
      return;
    }
    studio.changed(subject);
    publish(subject, live);
  }

  private void settle(Subject subject, Live live, Throwable failure) {
    Throwable cause = failure instanceof CompletionException wrapped ? wrapped.getCause() : failure;
    if (cause == null) {
      Identities.made(subject, String.valueOf(live.plan.get("method")));
      JobFile.delete(subject, DataCategory.TRAINING_STATES, FILE);
    } else if (cause instanceof SubjectErasedException) {
      return;
    } else if (!(cause instanceof CancelledException)
        && !(cause instanceof java.util.concurrent.CancellationException)) {
      save(subject, live, "failed", studio.message(cause));
    } else if (live.isPaused) {
      save(subject, live, "paused", "");
    }
    // Work that the end of the process stops stays queued, and goes on with the next one.
  }

  private static void save(Subject subject, Live live, String state, String message) {
    live.plan.put(STATE, state);
    if (!message.isEmpty()) {
      live.plan.put("message", message);
    }
    JobFile.write(subject, DataCategory.TRAINING_STATES, FILE, live.plan);
  }

  /** Pauses a training; its state stays, so that it can go on. */
  public void pause(String person) {
    Live live = running.get(studio.people().subject(person).id());
    if (live == null || live.job == null) {
      throw new IllegalStateException("no training of this person is running");
    }
    live.isPaused = true;
    live.job.cancel();
  }

  /** Returns the newest preview of a running training. */
  public byte[] preview(String person) {
    Live live = running.get(studio.people().subject(person).id());
    if (live == null || live.preview == null) {
      throw new UnknownResourceException("there is no preview of this training yet");
    }
    return live.preview;
  }

  void forget(Subject subject) {
    Live live = running.get(subject.id());
    if (live != null) {
      live.isPaused = true;
    }
  }
}
