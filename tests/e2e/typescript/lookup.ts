// Asks a Waypost server one unary and one streaming question with stubs made from protos/, and prints the answers
// as one JSON object. Usage: node lookup.js HOST:PORT
import { create } from "@bufbuild/protobuf";
import { Code, ConnectError, createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import {
  GeocodingService,
  StreamLookupsRequestSchema,
  type GeocodeResponse,
  type StreamLookupsRequest,
} from "./generated/waypost/v1/geocoding_pb.js";
import { PlaceService, PlaceType } from "./generated/waypost/v1/places_pb.js";

const transport = createGrpcTransport({ baseUrl: `http://${process.argv[2]}`, defaultTimeoutMs: 20_000 });
const geocoding = createClient(GeocodingService, transport);
const places = createClient(PlaceService, transport);

async function unary(): Promise<GeocodeResponse> {
  return geocoding.geocode({
    input: { case: "query", value: "Berlin" },
    regionCodes: ["DE"],
    placeTypes: [PlaceType.LOCALITY],
    maxResults: 1,
  });
}

async function* questions(): AsyncGenerator<StreamLookupsRequest> {
  yield create(StreamLookupsRequestSchema, {
    lookups: [
      { lookupId: "text", lookup: { case: "geocode", value: { input: { case: "query", value: "Wien" } } } },
      { lookupId: "bad", lookup: { case: "geocode", value: { input: { case: "query", value: "" } } } },
    ],
  });
  const location = { latitude: 48.2083, longitude: 16.3731 };
  yield create(StreamLookupsRequestSchema, {
    lookups: [{ lookupId: "point", lookup: { case: "reverseGeocode", value: { location } } }],
  });
}

async function streaming(): Promise<Array<{ lookupId: string; outcome: string | undefined }>> {
  const outcomes = [];
  for await (const message of geocoding.streamLookups(questions())) {
    for (const { lookupId, outcome } of message.outcomes) {
      outcomes.push({ lookupId, outcome: outcome.case });
    }
  }
  return outcomes;
}

async function codeForUnknownPlace(): Promise<string> {
  try {
    await places.getPlace({ name: "places/gn-0" });
  } catch (error) {
    return Code[ConnectError.from(error).code];
  }
  return "OK";
}

const best = (await unary()).results[0]?.place;
console.log(
  JSON.stringify({
    name: best?.name,
    location: best?.location && [best.location.latitude, best.location.longitude],
    outcomes: await streaming(),
    unknownPlace: await codeForUnknownPlace(),
  }),
);
