/** Programs that embed the studio: a small HTTP service and a batch over folders. */
package dev.likeness.examples.service;
