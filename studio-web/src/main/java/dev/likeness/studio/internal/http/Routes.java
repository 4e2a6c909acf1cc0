package dev.likeness.studio.internal.http;

import static dev.likeness.studio.internal.http.Route.Field.optional;
import static dev.likeness.studio.internal.http.Route.Field.required;

import dev.likeness.headshots.report.LikenessVersion;
import dev.likeness.headshots.shoot.ShootRequest;
import dev.likeness.studio.internal.http.Route.Answer;
import dev.likeness.studio.internal.http.Route.Body;
import dev.likeness.studio.internal.work.Edits;
import dev.likeness.studio.internal.work.Exports;
import dev.likeness.studio.internal.work.Photos;
import dev.likeness.studio.internal.work.Playground;
import dev.likeness.studio.internal.work.Shoots;
import dev.likeness.studio.internal.work.Studio;
import dev.likeness.studio.internal.work.Trainings;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.concurrent.Semaphore;
import java.util.function.Function;

/** The table of routes of the HTTP API. The OpenAPI document is made from this table. */
final class Routes {
  private static final String PERSON = "/api/people/{person}";
  private static final String SHOOT = PERSON + "/shoots/{shoot}";
  private static final String IMAGE = PERSON + "/images/{image}";

  /** The largest file of which the credentials are verified. */
  private static final long MAX_VERIFIED = 64L << 20;

  /** Each upload keeps a whole file and its pixels in memory. */
  private static final int MAX_UPLOADS = 4;

  /** An edit may bring a mask. */
  private static final int MAX_EDIT = 2 << 20;

  private static final Map<String, Object> DONE = Map.of("done", true);

  private final Studio studio;
  private final EventStreams events;
  private final Semaphore uploads = new Semaphore(MAX_UPLOADS);

  Routes(Studio studio, EventStreams events) {
    this.studio = studio;
    this.events = events;
  }

  List<Route> table() {
    return List.of(
        Route.of(
            "GET",
            "/api/openapi.json",
            "describeApi",
            "This document.",
            Answer.OBJECT,
            http -> http.send(200, OpenApiDocument.of(table()))),
        Route.of(
            "GET",
            "/api/studio",
            "describeStudio",
            "The base model, its state, and how long data is kept.",
            Answer.OBJECT,
            this::describeStudio),
        Route.of(
            "GET",
            "/api/events",
            "listen",
            "Server-sent events: what changed, and the progress of jobs.",
            Answer.EVENTS,
            events::open),
        Route.of(
            "GET",
            "/api/people",
            "listPeople",
            "All people in the store.",
            Answer.OBJECT,
            http -> http.send(200, Map.of("people", studio.people().list()))),
        Route.of(
                "POST",
                "/api/people",
                "addPerson",
                "Adds a person with their consent, before any photo.",
                Answer.CREATED,
                this::addPerson)
            .body(Body.json(
                required("agreed", "boolean", "True: the person agreed to the use of the photos."),
                optional("name", "string", "The person in the photos."),
                optional("giver", "string", "Who agreed, if not the person, such as a guardian."),
                optional(
                    "sample", "boolean", "True for sample photos of a person who is not real."))),
        Route.of(
            "GET",
            PERSON,
            "describePerson",
            "One person: consent, photos, training and images.",
            Answer.OBJECT,
            http -> http.send(200, studio.people().describe(http.variable("person")))),
        Route.of(
            "DELETE",
            PERSON,
            "erasePerson",
            "Erases all data of a person and answers with the signed receipt.",
            Answer.OBJECT,
            http -> http.send(
                200,
                Exchange.JSON_TYPE,
                studio.people().erase(http.variable("person")).getBytes(StandardCharsets.UTF_8))),
        Route.of(
            "POST",
            PERSON + "/likeness",
            "measureLikeness",
            "Measures the likeness of all headshots of a person that are not measured yet.",
            Answer.ACCEPTED,
            http -> http.send(202, studio.people().measure(http.variable("person")))),
        Route.of(
            "GET",
            PERSON + "/photos",
            "reviewPhotos",
            "The verdict on each photo and on the whole set.",
            Answer.OBJECT,
            http -> http.send(200, studio.photos().review(http.variable("person")))),
        Route.of(
                "POST",
                PERSON + "/photos",
                "addPhoto",
                "Adds a photo: the body is the image file. Answers with the verdict on it.",
                Answer.CREATED,
                this::addPhoto)
            .body(Body.FILE)
            .query("name", "The name of the file, for the lists of photos."),
        Route.of(
            "GET",
            PERSON + "/photos/{photo}",
            "showPhoto",
            "A small image of a photo.",
            Answer.IMAGE,
            http -> http.sendRange(
                Exchange.PNG,
                studio.photos().thumbnail(http.variable("person"), http.variable("photo")))),
        Route.of(
            "DELETE",
            PERSON + "/photos/{photo}",
            "removePhoto",
            "Removes a photo.",
            Answer.OBJECT,
            http -> {
              studio.photos().remove(http.variable("person"), http.variable("photo"));
              http.send(200, DONE);
            }),
        Route.of(
            "GET",
            PERSON + "/training",
            "describeTraining",
            "The methods with steps and memory, and the progress of the training.",
            Answer.OBJECT,
            http -> http.send(200, studio.trainings().describe(http.variable("person")))),
        Route.of(
                "POST",
                PERSON + "/training",
                "train",
                "Starts, pauses or continues the training.",
                Answer.ACCEPTED,
                this::train)
            .body(Body.json(
                required(
                    "action", "string", "start, pause, resume, or measure the time of an adapter"),
                optional("method", "string", "lora (the default), references or adapter"),
                optional("adapter", "string", "The name of the file of the adapter."),
                optional("preset", "string", "quick, balanced (the default) or best"),
                optional(
                    "previews", "boolean", "Generates previews and measures likeness meanwhile."),
                optional("photo", "string", "The id of a photo that shows the person."))),
        Route.of(
            "GET",
            PERSON + "/training/preview",
            "showTrainingPreview",
            "The newest preview of the running training.",
            Answer.IMAGE,
            http ->
                http.sendRange(Exchange.PNG, studio.trainings().preview(http.variable("person")))),
        Route.of(
            "GET",
            "/api/styles",
            "listStyles",
            "The styles that the base can serve.",
            Answer.OBJECT,
            http -> http.send(200, Map.of("styles", studio.shoots().styles()))),
        Route.of(
            "GET",
            PERSON + "/shoots",
            "listShoots",
            "A person's shoots, the newest first.",
            Answer.OBJECT,
            http ->
                http.send(200, Map.of("shoots", studio.shoots().list(http.variable("person"))))),
        Route.of(
                "POST",
                PERSON + "/shoots",
                "shoot",
                "Starts a shoot.",
                Answer.ACCEPTED,
                this::shoot)
            .body(Body.json(
                required("styles", "array", "Names of styles."),
                optional("count", "integer", "Images of each style; 2 if it is left out."),
                optional("strength", "number", "Identity strength, 0 to 1, the default."),
                optional(
                    "steps",
                    "integer",
                    "Sampling steps, 1 to 150; 20, or those of a distilled base, if it is left"
                        + " out."),
                optional("outfit", "string", "Clothes in place of those of the styles."),
                optional("backdrop", "string", "Backdrop in place of that of the styles."),
                optional(
                    "identity",
                    "string",
                    "One of the person's identities; the first if it is left out."),
                optional(
                    "pose",
                    "string",
                    "The pose of the head, for an identity with poses: one of their names."),
                optional(
                    "keypoints",
                    "object",
                    "Instead of a name: the keypoints of a photo, as its pose was read."))),
        Route.of(
                "POST",
                "/api/poses",
                "readPose",
                "The keypoints of the face in a photo, for a shoot: the body is the image file, which"
                    + " is not kept.",
                Answer.OBJECT,
                http -> http.send(200, upload(http, Photos.maxBytes(), studio.shoots()::readPose)))
            .body(Body.FILE),
        Route.of(
            "GET",
            SHOOT,
            "describeShoot",
            "A shoot with its images and its report.",
            Answer.OBJECT,
            http -> http.send(
                200, studio.shoots().report(http.variable("person"), http.variable("shoot")))),
        Route.of(
                "POST",
                SHOOT,
                "changeShoot",
                "Pauses or continues a shoot.",
                Answer.ACCEPTED,
                this::changeShoot)
            .body(Body.json(required("action", "string", "pause or resume"))),
        Route.of(
            "GET",
            SHOOT + "/preview",
            "showShootPreview",
            "The newest preview of the image that is being generated, if the base has previews.",
            Answer.IMAGE,
            http -> http.sendRange(
                Exchange.PNG,
                studio.shoots().preview(http.variable("person"), http.variable("shoot")))),
        Route.of(
            "GET",
            SHOOT + "/report.html",
            "saveReport",
            "The report of a shoot as one page to save.",
            Answer.PAGE,
            this::saveReport),
        Route.of(
                "GET",
                IMAGE,
                "showImage",
                "A headshot as it is stored: its newest version, unless the query asks for another.",
                Answer.IMAGE,
                this::showImage)
            .query("version", "0 for the image as it was generated; 1 for that of its first edit."),
        Route.of(
                "POST", IMAGE, "chooseImage", "Keeps or drops a headshot.", Answer.OBJECT, http -> {
                  String choice = http.json().text("choice");
                  studio.images().choose(http.variable("person"), number(http), choice);
                  http.send(200, DONE);
                })
            .body(Body.json(required("choice", "string", "keep, drop or none"))),
        Route.of(
            "GET",
            IMAGE + "/edits",
            "describeEdits",
            "The versions of a headshot, the words for its parts, and the progress of an edit.",
            Answer.OBJECT,
            http -> http.send(200, studio.edits().describe(http.variable("person"), number(http)))),
        Route.of(
                "POST",
                IMAGE + "/edits",
                "editImage",
                "Edits the newest version of a headshot; stops, continues or takes an edit back.",
                Answer.ACCEPTED,
                this::edit)
            .body(Body.json(
                required("action", "string", "start, pause, resume or undo"),
                optional("outfit", "string", "New words for the clothes."),
                optional("backdrop", "string", "New words for the backdrop."),
                optional("light", "string", "New words for the light."),
                optional("expression", "string", "New words for the expression."),
                optional(
                    "mask", "string", "A PNG file in base64; its white region is generated again."),
                optional("mask_words", "string", "Words for the region of the mask."),
                optional(
                    "strength",
                    "number",
                    "Denoising strength, 0 to 1; each part has its own if it is left out."))),
        Route.of(
                "GET",
                IMAGE + "/file",
                "exportImage",
                "A headshot as a file to publish, marked as generated.",
                Answer.FILE,
                this::export)
            .query("crop", "square, avatar, a ratio such as 4:5, or pixels such as 512x512.")
            .query("format", "png, jpeg or webp.")
            .query("label", "Visible text in the image."),
        Route.of(
            "GET",
            "/api/models",
            "listModels",
            "The models of the catalogue: what is here, what fits, and what it may be used for.",
            Answer.OBJECT,
            http -> http.send(200, studio.models().list())),
        Route.of(
                "POST",
                "/api/models/{model}",
                "getModel",
                "Asks for the size of a model, downloads it, or stops the download.",
                Answer.ACCEPTED,
                this::getModel)
            .body(Body.json(required("action", "string", "plan, get or pause"))),
        Route.of(
            "GET",
            "/api/playground",
            "describePlayground",
            "The schedulers and LoRAs to choose from, and the newest grid of images.",
            Answer.OBJECT,
            http -> http.send(200, studio.playground().describe())),
        Route.of(
                "POST",
                "/api/playground",
                "generateGrid",
                "Generates a grid of seeds and settings in place of the one before; stops or continues it.",
                Answer.ACCEPTED,
                this::play)
            .body(Body.json(
                required(
                    "action", "string", "start, stop, resume, or forget (the reference images)"),
                optional("prompt", "string", "The prompt."),
                optional("negative", "string", "The negative prompt."),
                optional("scheduler", "string", "A scheduler; the base's own if it is left out."),
                optional("steps", "integer", "Sampling steps; 20 if it is left out."),
                optional("guidance", "number", "The guidance scale; the base's if left out."),
                optional("seed", "integer", "The seed of the first column; 0 if it is left out."),
                optional("count", "integer", "The number of seeds; 1 if it is left out."),
                optional("axis", "string", "What rows differ in: steps, guidance, scheduler, lora"),
                optional("values", "array", "The value of each row."),
                optional("loras", "object", "The weight of each LoRA, by its name."),
                optional("references", "boolean", "True to show the base the reference images."))),
        Route.of(
                "GET",
                "/api/playground/sigmas",
                "planSigmas",
                "The sigma of each row of a sampling plan.",
                Answer.OBJECT,
                this::planSigmas)
            .query("scheduler", "The name of a scheduler; the base's own if it is left out.")
            .query("steps", "The number of steps."),
        Route.of(
                "POST",
                "/api/playground/references",
                "addReference",
                "Adds a reference image: the body is the image file. It is kept in memory only.",
                Answer.CREATED,
                http -> http.send(
                    201,
                    upload(
                        http,
                        Photos.maxBytes(),
                        file -> studio.playground().addReference(http.query("name"), file))))
            .body(Body.FILE)
            .query("name", "The name of the file, for the command line of a grid."),
        Route.of(
            "GET",
            "/api/playground/images/{image}",
            "showGridImage",
            "An image of the newest grid: the seeds of the first row, then those of the next.",
            Answer.IMAGE,
            http -> http.sendRange(Exchange.PNG, studio.playground().image(number(http)))),
        Route.of(
            "GET",
            "/api/playground/preview",
            "showGridPreview",
            "The newest preview of the image that is being generated, if the base has previews.",
            Answer.IMAGE,
            http -> http.sendRange(Exchange.PNG, studio.playground().preview())),
        Route.of(
                "POST",
                "/api/credentials",
                "verifyCredentials",
                "What an image file says about its origin. The file is not stored.",
                Answer.OBJECT,
                http -> http.send(200, upload(http, MAX_VERIFIED, studio.exports()::verify)))
            .body(Body.FILE));
  }

  private void describeStudio(Exchange http) {
    Map<String, Object> answer = new LinkedHashMap<>();
    answer.put("version", LikenessVersion.current());
    answer.put("base", studio.base());
    answer.put("retention", studio.people().retention());
    answer.put("samples", studio.photos().hasSamples());
    answer.put(
        "limits",
        Map.of(
            "photos", Photos.MAX_PHOTOS,
            "photo_bytes", Photos.maxBytes(),
            "images", Shoots.MAX_IMAGES));
    http.send(200, answer);
  }

  private void addPerson(Exchange http) {
    JsonBody body = http.json();
    boolean isSample = body.flag("sample");
    if (!body.flag("agreed")) {
      throw new HttpFailure(
          HttpFailure.UNPROCESSABLE,
          "without consent no photo is accepted; ask the person in the photos, then agree");
    }
    http.send(201, studio.people().create(body.text("name"), body.text("giver"), isSample));
  }

  private void addPhoto(Exchange http) {
    http.send(
        201,
        upload(
            http,
            Photos.maxBytes(),
            file -> studio.photos().add(http.variable("person"), http.query("name"), file)));
  }

  /** Reads a file and works on it; few at once, because each takes memory. */
  private Object upload(Exchange http, long max, Function<byte[], Object> work) {
    if (!uploads.tryAcquire()) {
      throw new HttpFailure(
          HttpFailure.TOO_MANY,
          "more than " + MAX_UPLOADS + " uploads run at once; send this file again later");
    }
    try {
      return work.apply(http.body(max));
    } finally {
      uploads.release();
    }
  }

  private void train(Exchange http) {
    JsonBody body = http.json();
    String person = http.variable("person");
    switch (body.text("action")) {
      case "start" ->
        studio
            .trainings()
            .start(
                person,
                new Trainings.Plan(
                    body.text("method", "lora"),
                    body.text("preset", "balanced"),
                    body.flag("previews"),
                    body.text("photo"),
                    body.text("adapter")));
      case "measure" -> studio.trainings().measure(person, body.text("adapter"));
      case "pause" -> studio.trainings().pause(person);
      case "resume" -> studio.trainings().resume(person);
      default -> throw unknownAction("start, pause, resume, measure");
    }
    http.send(202, studio.trainings().describe(person));
  }

  private static HttpFailure unknownAction(String known) {
    return new HttpFailure(HttpFailure.BAD_REQUEST, "unknown action; known: " + known);
  }

  private void shoot(Exchange http) {
    JsonBody body = http.json();
    double steps = body.number("steps", Double.NaN);
    Shoots.Order order = new Shoots.Order(
        body.texts("styles").stream().distinct().toList(),
        (int) body.number("count", 2),
        body.number("strength", 1),
        Double.isNaN(steps) ? OptionalInt.empty() : OptionalInt.of((int) steps),
        body.text("outfit"),
        body.text("backdrop"),
        body.text("identity"),
        body.text("pose"),
        body.weights("keypoints"));
    http.send(202, studio.shoots().start(http.variable("person"), order));
  }

  private void changeShoot(Exchange http) {
    String person = http.variable("person");
    String shoot = http.variable("shoot");
    switch (http.json().text("action")) {
      case "pause" -> studio.shoots().pause(person, shoot);
      case "resume" -> studio.shoots().resume(person, shoot);
      default -> throw unknownAction("pause, resume");
    }
    http.send(202, studio.shoots().report(person, shoot));
  }

  private void showImage(Exchange http) {
    String person = http.variable("person");
    String version = http.query("version");
    if (!version.matches("[0-9]{0,4}")) {
      throw new HttpFailure(HttpFailure.BAD_REQUEST, "the version is not a number from 0");
    }
    http.sendRange(
        Exchange.PNG,
        version.isEmpty()
            ? studio.images().image(person, number(http))
            : studio.images().image(person, number(http), Integer.parseInt(version)));
  }

  private void edit(Exchange http) {
    JsonBody body = http.json(MAX_EDIT);
    String person = http.variable("person");
    int image = number(http);
    switch (body.text("action")) {
      case "start" -> {
        Map<String, String> words = new LinkedHashMap<>();
        for (String part : List.of("outfit", "backdrop", "light", "expression")) {
          words.put(part, body.text(part));
        }
        studio
            .edits()
            .start(
                person,
                image,
                new Edits.Order(
                    words,
                    body.text("mask"),
                    body.text("mask_words"),
                    body.number("strength", Double.NaN)));
      }
      case "pause" -> studio.edits().pause(person, image);
      case "resume" -> studio.edits().resume(person, image);
      case "undo" -> studio.edits().undo(person, image);
      default -> throw unknownAction("start, pause, resume, undo");
    }
    http.send(202, studio.edits().describe(person, image));
  }

  private void planSigmas(Exchange http) {
    String steps = http.query("steps");
    if (!steps.matches("[0-9]{1,4}")) {
      throw new HttpFailure(HttpFailure.BAD_REQUEST, "steps is not a number from 1");
    }
    http.send(200, studio.playground().sigmas(http.query("scheduler"), Integer.parseInt(steps)));
  }

  private void play(Exchange http) {
    JsonBody body = http.json();
    switch (body.text("action")) {
      case "start" ->
        studio
            .playground()
            .start(new Playground.Order(
                body.text("prompt"),
                body.text("negative"),
                body.text("scheduler"),
                (int) body.number("steps", ShootRequest.STEPS),
                body.number("guidance", Double.NaN),
                (long) body.number("seed", 0),
                (int) body.number("count", 1),
                body.text("axis"),
                body.texts("values"),
                body.weights("loras"),
                body.flag("references")));
      case "stop" -> studio.playground().stop();
      case "resume" -> studio.playground().resume();
      case "forget" -> studio.playground().removeReferences();
      default -> throw unknownAction("start, stop, resume, forget");
    }
    http.send(202, studio.playground().describe());
  }

  private void getModel(Exchange http) {
    String model = http.variable("model");
    switch (http.json().text("action")) {
      case "plan" -> studio.models().plan(model);
      case "get" -> studio.models().get(model);
      case "pause" -> studio.models().pause(model);
      default -> throw unknownAction("plan, get, pause");
    }
    http.send(202, studio.models().list());
  }

  private void saveReport(Exchange http) {
    String page = studio.shoots().reportPage(http.variable("person"), http.variable("shoot"));
    // The page has its style and its images inside, and no script.
    http.response()
        .getHeaders()
        .put(
            "Content-Security-Policy",
            "default-src 'none'; img-src data:; style-src 'unsafe-inline'; sandbox;"
                + " frame-ancestors 'none'");
    http.send(200, "text/html;charset=utf-8", page.getBytes(StandardCharsets.UTF_8));
  }

  private void export(Exchange http) {
    Exports.File file = studio
        .exports()
        .export(
            http.variable("person"),
            number(http),
            http.query("crop"),
            http.query("format"),
            http.query("label"));
    http.sendFile(file.name(), file.type(), file.content());
  }

  private static int number(Exchange http) {
    return Integer.parseInt(http.variable("image"));
  }
}
