package dev.likeness.examples.springboot;

import dev.likeness.diffusion.Consent;
import dev.likeness.headshots.GenerationJob;
import dev.likeness.headshots.GenerationQueue;
import dev.likeness.headshots.HeadshotStudio;
import dev.likeness.headshots.TrainingRequest;
import dev.likeness.headshots.shoot.Headshot;
import dev.likeness.headshots.shoot.ShootRequest;
import dev.likeness.headshots.style.Style;
import dev.likeness.lora.LoraPerson;
import dev.likeness.lora.LoraTrainer;
import dev.likeness.photos.Photo;
import dev.likeness.photos.PhotoReview;
import dev.likeness.photos.PhotoSet;
import jakarta.annotation.PreDestroy;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.springframework.http.HttpStatus;
import org.springframework.http.MediaType;
import org.springframework.web.bind.annotation.*;
import org.springframework.web.multipart.MultipartFile;
import org.springframework.web.server.ResponseStatusException;
import org.springframework.web.servlet.mvc.method.annotation.SseEmitter;

/** The people and their headshots over HTTP, under random ids. */
@RestController
@RequestMapping("/people")
class PeopleController {
  private static final int MOST_PEOPLE = 20;
  private static final int MOST_PHOTOS = 20;
  private static final int MOST_HEADSHOTS = 32;
  private static final int MOST_STEPS = 100;
  /** About twice a decoded photo of the largest size. */
  private static final long REVIEW_BYTES = 512L << 20;

  private final HeadshotStudio studio;
  private final GenerationQueue queue;
  private final Map<String, Person> people = new ConcurrentHashMap<>();
  private final ExecutorService sender = Executors.newSingleThreadExecutor();

  PeopleController(HeadshotStudio studio, GenerationQueue queue) {
    this.studio = studio;
    this.queue = queue;
  }

  /** Reviews selfies. The answer says which photos are accepted, and why others are not. */
  @PostMapping
  @ResponseStatus(HttpStatus.CREATED)
  Map<String, Object> upload(@RequestParam List<MultipartFile> photos, @RequestParam String consent)
      throws IOException {
    if (people.size() >= MOST_PEOPLE) {
      throw new IllegalArgumentException("there are " + people.size() + " people; erase one first");
    }
    requireAtMost(MOST_PHOTOS, photos.size(), "photos");
    List<Photo> files = new ArrayList<>();
    for (MultipartFile photo : photos) {
      files.add(Photo.of("photo-" + (files.size() + 1), photo.getBytes()));
    }
    Consent given = Consent.of(consent);
    PhotoReview review = queue
        .submit(
            run -> run.cancellation().run(() -> HeadshotStudio.review(PhotoSet.of(files), given)),
            REVIEW_BYTES)
        .join();
    String id = UUID.randomUUID().toString();
    people.put(id, new Person(review, given, new ProgressFeed(sender)));
    List<String> verdicts = review.photos().stream()
        .map(photo -> photo.name() + ": " + photo.verdict() + " " + photo.reasons())
        .toList();
    return Map.of("id", id, "accepted", review.accepted().size(), "photos", verdicts);
  }

  /** The progress of the person's job: phase, step, preview, notice; done, cancelled or failed. */
  @GetMapping(path = "/{id}/events", produces = MediaType.TEXT_EVENT_STREAM_VALUE)
  SseEmitter events(@PathVariable String id) {
    return person(id).feed.subscribe();
  }

  /** Trains a LoRA of the person. */
  @PostMapping("/{id}/training")
  @ResponseStatus(HttpStatus.ACCEPTED)
  void train(@PathVariable String id) {
    Person person = person(id);
    TrainingRequest request = TrainingRequest.of(person.review, person.consent);
    start(
        person,
        new LoraTrainer(studio.trainer().settings(person.review.accepted().size()))
            .memory(queue.base())
            .bytes(),
        run -> person.keep(studio.trainer().train(request, run)));
  }

  /** Generates headshots of the trained person. Each finished headshot is a preview event. */
  @PostMapping("/{id}/shoots")
  @ResponseStatus(HttpStatus.ACCEPTED)
  void shoot(
      @PathVariable String id,
      @RequestParam(defaultValue = "studio") String style,
      @RequestParam(defaultValue = "8") int count,
      @RequestParam(defaultValue = "20") int steps) {
    requireAtMost(MOST_HEADSHOTS, count, "headshots");
    requireAtMost(MOST_STEPS, steps, "steps");
    Person person = person(id);
    ShootRequest request = ShootRequest.of(Style.named(style), count).steps(steps);
    studio.validate(request);
    LoraPerson trained = person.trained();
    HeadshotStudio own = studio.onHeadshot(made -> person.feed.preview(made.image()));
    start(
        person, studio.memoryBytes(request), run -> person.keep(own.shoot(trained, request, run)));
  }

  /** The state of the job, the numbers of the headshots, and those that are suggested. */
  @GetMapping("/{id}")
  Person.State state(@PathVariable String id) {
    return person(id).state();
  }

  /** Keeps the chosen headshots and deletes the others. */
  @PutMapping("/{id}/headshots")
  Person.State choose(@PathVariable String id, @RequestParam Set<Integer> keep) {
    person(id).choose(keep);
    return person(id).state();
  }

  /** A headshot as a PNG file that is marked as generated. */
  @GetMapping(path = "/{id}/headshots/{number}.png", produces = MediaType.IMAGE_PNG_VALUE)
  byte[] download(@PathVariable String id, @PathVariable int number) {
    return person(id)
        .headshot(number)
        .map(Headshot::encodePng)
        .orElseThrow(() -> new ResponseStatusException(HttpStatus.NOT_FOUND, "no such headshot"));
  }

  /** Cancels the person's job within a step. */
  @DeleteMapping("/{id}/job")
  void cancel(@PathVariable String id) {
    person(id).cancel();
  }

  /** Erases the person: photos, weights and headshots. */
  @DeleteMapping("/{id}")
  void erase(@PathVariable String id) {
    Person person = person(id);
    people.remove(id);
    person.close();
  }

  @PreDestroy
  void close() {
    people.values().forEach(Person::close);
    sender.shutdown();
  }

  private static void requireAtMost(int most, int given, String what) {
    if (given > most) {
      throw new IllegalArgumentException(
          "a request has at most " + most + " " + what + ", got " + given + "; ask for fewer");
    }
  }

  private void start(Person person, long bytes, GenerationJob.Task<?> task) {
    person.start(() -> queue.submit(task, bytes, 0, person.feed, Duration.ZERO));
  }

  private Person person(String id) {
    return Optional.ofNullable(people.get(id))
        .orElseThrow(() -> new ResponseStatusException(HttpStatus.NOT_FOUND, "no such person"));
  }
}
